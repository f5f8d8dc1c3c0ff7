// A map as a picture, with the settings that made it written above. map.js follows in the same function.
const LINE = 15;

function asPicture(plot, annotations, facts, background) {
  const { offsetWidth: width, offsetHeight: height } = plot;
  const { margin = {} } = plot.layout;
  const lines = facts.flatMap((words) => wrapped(words, Math.floor((width - 40) / 6)).split('<br>'));
  const room = lines.length ? LINE * lines.length + 12 : 0;
  const top = (margin.t || 0) + room;
  const above = lines.map((line, at) => ({
    text: line, xref: 'paper', yref: 'paper', x: 0, y: 1, xanchor: 'left', yanchor: 'top',
    yshift: top - 6 - LINE * at, showarrow: false, align: 'left', font: { size: 11 },
  }));
  return {
    picture: {
      data: plot.data,
      layout: {
        ...plot.layout, paper_bgcolor: background, annotations: [...(annotations || []), ...above],
        width, height: height + room, margin: { ...margin, t: top },
      },
      config: { displayModeBar: false },
    },
    size: { width, height: height + room },
  };
}
