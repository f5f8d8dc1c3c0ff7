// Draws props.value, a plotly figure as JSON, and reports clicks as `pick` with the cell's indices.
// Plotly is fetched from this host once, by the first plot that has something to draw. Strings that
// are exactly "var(--name)" take that CSS variable's value, so figures follow the theme.
const plot = element.querySelector('.lab-plot');

function themed(node, style) {
  if (typeof node === 'string') {
    const name = /^var\((--[\w-]+)\)$/.exec(node);
    return name ? style.getPropertyValue(name[1]).trim() : node;
  }
  if (Array.isArray(node)) return node.map((item) => themed(item, style));
  if (node && typeof node === 'object')
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, themed(item, style)]));
  return node;
}

let bound = false;
let drawing = Promise.resolve();

async function draw() {
  const figure = props.value;
  if (!figure || !figure.data) {
    if (bound) window.Plotly.purge(plot);
    bound = false;
    plot.style.minHeight = '';
    delete plot.dataset.ready;
    return;
  }
  plot.style.minHeight = (figure.layout.height || 300) + 'px';
  plot.style.minWidth = ((figure.layout.meta && figure.layout.meta.minWidth) || 0) + 'px';
  const Plotly = await plotly();
  const style = getComputedStyle(document.body);
  const { data, layout } = themed(figure, style);
  const ink = style.getPropertyValue('--body-text-color').trim();
  Object.assign(layout, {
    autosize: true,
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    dragmode: false,
    template: null,
    font: { color: ink, family: style.fontFamily, size: 12 },
    hoverlabel: { font: { family: style.fontFamily } },
  });
  for (const key of Object.keys(layout))
    if (/^[xy]axis\d*$/.test(key))
      Object.assign(layout[key], { showgrid: false, zeroline: false, ticks: '', fixedrange: true });
  await Plotly.react(plot, data, layout, { responsive: true, displayModeBar: false });
  if (!bound) {
    bound = true;
    plot.on('plotly_click', (event) => {
      // A cell has two indices; a dot has one, or stands for the row its customdata names.
      const point = event.points[0];
      const [row, column] = Array.isArray(point.pointIndex)
        ? point.pointIndex
        : [point.customdata ?? point.pointNumber, point.curveNumber];
      trigger('pick', { row, column });
    });
  }
  plot.dataset.ready = String(Number(plot.dataset.ready || 0) + 1);
}

function redraw() {
  drawing = drawing.then(draw).catch((error) => {
    plot.textContent = error.message;
  });
}

redraw();
watch('value', redraw);
new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ['class'] });
new ResizeObserver(() => {
  if (bound && plot.offsetParent) window.Plotly.Plots.resize(plot);
}).observe(element);
