// What a scatter map consists of, as plotly traces and layout. map.js follows in the same function.
// A recipe is a trace without places: the ids of its points (-1 is a gap), placed when it is drawn.

// Base64 of little-endian numbers.
function unpack(packed, Kind) {
  const raw = atob(packed);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Kind(bytes.buffer);
}

// Plotly reads a little HTML in texts; a visitor's text must stay text.
function plain(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function cut(text, most) {
  const letters = [...String(text)];
  return plain(letters.length > most ? letters.slice(0, most - 1).join('') + '…' : letters.join(''));
}

function wrapped(text, width = 60, most = 8) {
  const lines = [''];
  for (const word of String(text).match(/\S{1,60}/gu) || []) {
    const line = lines[lines.length - 1];
    if (!line) lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] += ' ' + word;
    else lines.push(word);
  }
  if (lines.length > most) lines.splice(most, Infinity, '…');
  return lines.map(plain).join('<br>');
}

const colour = (name, style) => {
  const variable = /^var\((--[\w-]+)\)$/.exec(name);
  return variable ? style.getPropertyValue(variable[1]).trim() : name;
};

function palette() {
  const style = getComputedStyle(document.body);
  const of = (name, other) => style.getPropertyValue(name).trim() || other;
  return {
    style,
    ink: of('--body-text-color', '#1c2430'),
    paper: of('--body-background-fill', '#ffffff'),
    accent: of('--lab-accent', '#2563c9'),
    torn: of('--lab-error', '#b3261e'),
    line: of('--lab-line', '#d9dfe7'),
    dim: of('--lab-dim', '#5a6675'),
    none: of('--lab-unrelated', '#c9d0d9'),
  };
}

// Symbols that plotly has in space too.
const SOLID = /^(circle|cross|diamond|square|x)(-open)?$/;
const FADED = 0.15;

// One group per category, or the points with a value and those without.
function groups(paint, n, look, deep) {
  const found = new Map();
  const put = (key, id) => (found.get(key) || found.set(key, []).get(key)).push(id);
  const title = cut(paint.title || '', 40);
  if (paint.kind === 'scale') {
    const values = unpack(paint.values, Float32Array);
    for (let id = 0; id < n; id++) put(Number.isFinite(values[id]) ? 'scale' : 'none', id);
    const marker = {
      cmin: paint.low,
      cmax: paint.high,
      colorscale: paint.colours.map(([at, name]) => [at, colour(name, look.style)]),
    };
    return [...found].map(([key, ids]) => ({
      key,
      ids,
      scale: key === 'scale',
      note: (id) => `${title}: ${key === 'scale' ? values[id].toPrecision(3) : 'none'}`,
      marker: key === 'scale' ? { ...marker, color: ids.map((id) => values[id]) } : { color: look.none },
    }));
  }
  const codes = unpack(paint.codes, Int16Array);
  for (let id = 0; id < n; id++) put(codes[id] in paint.names ? codes[id] : -1, id);
  return [...found]
    .sort(([a], [b]) => (a < 0) - (b < 0) || a - b)
    .map(([code, ids]) => {
      const symbol = (paint.symbols && paint.symbols[code]) || 'circle';
      const name = code < 0 ? '–' : cut(paint.names[code], 28);
      return {
        key: code,
        ids,
        name,
        note: () => name,
        marker: {
          color: code < 0 ? look.none : colour(paint.colours[code], look.style),
          symbol: deep && !SOLID.test(symbol) ? 'circle' : symbol,
        },
      };
    });
}

function recipes({ value, points, chosen }, look) {
  const deep = Boolean(points.z);
  const size = (points.n < 300 ? 9 : points.n < 1500 ? 6 : 4) - (deep ? 1 : 0);
  const type = deep ? 'scatter3d' : canGl() ? 'scattergl' : 'scatter';
  const made = [];
  const add = (uid, ids, trace) => made.push({ ids, trace: { type, uid, ...trace } });
  const extra = (uid, ids, mode, trace) =>
    ids.length && add(uid, ids, { mode, hoverinfo: 'skip', showlegend: false, ...trace });
  const overlay = value.overlay || {};
  const pairs = (list) => (list || []).flatMap(([from, to]) => [from, to, -1]);
  extra('lines', pairs(overlay.lines), 'lines', { line: { color: look.accent, width: 1 }, opacity: 0.7 });
  extra('torn', pairs(overlay.torn), 'lines', { line: { color: look.torn, width: 1 }, opacity: 0.45 });

  for (const group of groups(value.paint, points.n, look, deep)) {
    const marker = { size, opacity: 0.9, line: { width: deep ? 0 : 0.5, color: look.paper }, ...group.marker };
    if (group.scale) Object.assign(marker, { showscale: true, colorbar: colourBar(value.paint, look) });
    const dots = (uid, ids, rest) =>
      add(uid, ids, {
        mode: 'markers',
        name: group.name || '',
        legendgroup: uid[0] + group.key,
        showlegend: value.paint.kind !== 'scale',
        hoverinfo: 'text',
        hovertext: ids.map((id) => points.texts[id] + `<br><i>${group.note(id)}</i>`),
        customdata: ids,
        ...rest,
      });
    const uid = 'c' + group.key;
    if (!deep) {
      const rows = chosen && group.ids.flatMap((id, at) => (chosen.has(id) ? [at] : []));
      dots(uid, group.ids, {
        marker,
        ...(rows && { selectedpoints: rows }),
        selected: { marker: { opacity: 1 } },
        unselected: { marker: { opacity: FADED } },
      });
      continue;
    }
    // In space plotly knows no selection: those not chosen are a trace of their own, faded.
    const strong = chosen ? group.ids.filter((id) => chosen.has(id)) : group.ids;
    const faded = chosen ? group.ids.filter((id) => !chosen.has(id)) : [];
    const part = (ids) =>
      group.scale ? { ...marker, color: marker.color.filter((_, at) => ids.has(group.ids[at])) } : marker;
    if (strong.length) dots(uid, strong, { marker: part(new Set(strong)) });
    if (faded.length)
      dots(uid + '-faded', faded, {
        marker: { ...part(new Set(faded)), opacity: FADED, showscale: group.scale && !strong.length },
        ...(strong.length && { showlegend: false }),
      });
  }

  const ring = (wide, color) => ({ symbol: 'circle-open', size: size + wide, color, line: { width: 2, color } });
  extra('crosses', overlay.crosses || [], 'markers', { marker: { symbol: 'x', size: deep ? size - 1 : size + 3, color: look.ink } });
  extra('rings', overlay.rings || [], 'markers', { marker: ring(8, look.accent) });
  if (overlay.star)
    made.push({
      still: overlay.star,
      trace: {
        type,
        uid: 'star',
        mode: 'markers',
        showlegend: false,
        hoverinfo: 'text',
        hovertext: [wrapped(overlay.star.text || '')],
        marker: {
          symbol: deep ? 'diamond' : 'star',
          size: deep ? 10 : 18,
          color: look.accent,
          line: { width: 1.5, color: look.paper },
        },
      },
    });
  // Plotly draws what is selected over all else: these marks must be selected too, to stay on top.
  if (chosen && !deep)
    for (const { trace, ids } of made)
      if (!trace.customdata && trace.mode === 'markers') trace.selectedpoints = ids ? ids.map((_, at) => at) : [0];
  // In space: the point under the pointer in a linked map. It is found by being the last.
  const linked = { mode: 'markers', hoverinfo: 'skip', showlegend: false, marker: ring(10, look.ink) };
  if (deep) add('linked', [-1], linked);
  return made;
}

function canGl() {
  window.labGl ??= Boolean(document.createElement('canvas').getContext('webgl'));
  return window.labGl;
}

// The traces with every point at its place; `moving` leaves out what has no place on the way.
function placed(made, at, moving) {
  return made.map(({ ids, still, trace }) => {
    if (still) {
      const z = at.z && { z: [still.z] };
      return { ...trace, x: [still.x], y: [still.y], ...z, visible: !moving };
    }
    const axis = (values) => Float32Array.from(ids, (id) => (id < 0 ? NaN : values[id]));
    return { ...trace, x: axis(at.x), y: axis(at.y), ...(at.z && { z: axis(at.z) }) };
  });
}

function colourBar(paint, look) {
  const bar = { thickness: 10, outlinewidth: 0, ticks: '', nticks: 5, tickfont: { color: look.dim } };
  const title = { text: cut(paint.title || '', 40), side: look.narrow ? 'top' : 'right' };
  return look.narrow
    ? { ...bar, title, orientation: 'h', x: 0.5, y: 0, yanchor: 'top', len: 0.9 }
    : { ...bar, title, x: 1.01, y: 0.5, len: 0.7 };
}

function legend(paint, look) {
  const key = JSON.stringify([paint.title, paint.names]);
  const all = {
    title: { text: cut(paint.title || '', 28), side: 'top', font: { color: look.dim, size: 12 } },
    itemsizing: 'constant',
    bgcolor: 'rgba(0,0,0,0)',
    font: { color: look.ink, size: 12 },
    tracegroupgap: 0,
    uirevision: key,
  };
  return look.narrow
    ? { ...all, orientation: 'h', x: 0, y: 0, yanchor: 'top', maxheight: 0.3 }
    : { ...all, x: 1.01, y: 1, yanchor: 'top' };
}

function written(names, look, deep) {
  const halo = Array(3).fill(`0 0 2px ${look.paper}`).join();
  return (names || []).slice(0, 25).map(({ x, y, z, text }) => ({
    x,
    y,
    ...(deep && { z }),
    text: cut(text, look.narrow ? 24 : 40),
    showarrow: false,
    captureevents: false,
    font: { size: look.narrow ? 10 : 11, color: look.ink, weight: 600, shadow: halo },
  }));
}

// Names that would lie over an earlier one are hidden until a zoom makes room. Returns those left.
function declutter(plot) {
  const kept = [];
  const left = new Set();
  for (const name of plot.querySelectorAll('.infolayer .annotation')) {
    const box = name.getBoundingClientRect();
    const free = kept.every((other) => box.right < other.left || other.right < box.left ||
      box.bottom - 3 < other.top || other.bottom - 3 < box.top);
    name.style.visibility = free ? '' : 'hidden';
    if (!free) continue;
    kept.push(box);
    left.add(Number(name.dataset.index));
  }
  return left;
}

function layout({ value, points, drawn }, look, moving) {
  const deep = Boolean(points.z);
  const names = moving ? [] : written(value.names, look, deep);
  const bare = { visible: false, showgrid: false, zeroline: false };
  const box = {
    title: { text: '' }, showgrid: false, zeroline: false, showticklabels: false, ticks: '', showspikes: false,
    showbackground: false, showline: true, mirror: true, linecolor: look.line, linewidth: 1,
  };
  return {
    autosize: true,
    margin: { l: 10, r: 10, t: 34, b: 10 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    template: null,
    font: { color: look.ink, family: look.style.fontFamily, size: 12 },
    hovermode: 'closest',
    hoverlabel: {
      align: 'left', bgcolor: look.paper, bordercolor: look.line,
      font: { family: look.style.fontFamily, color: look.ink, size: 13 },
    },
    showlegend: value.paint.kind !== 'scale',
    legend: legend(value.paint, look),
    modebar: { bgcolor: 'rgba(0,0,0,0)', color: look.dim, activecolor: look.accent, uirevision: 'kept' },
    uirevision: value.rev,
    selectionrevision: drawn,
    selections: [],
    newselection: { line: { color: look.accent, width: 1 } },
    ...(deep
      ? {
          dragmode: 'orbit',
          scene: {
            xaxis: { ...box }, yaxis: { ...box }, zaxis: { ...box }, aspectmode: 'data',
            annotations: names, camera: { eye: { x: 1.5, y: 1.5, z: 0.8 } },
          },
        }
      : { dragmode: 'pan', xaxis: { ...bare }, yaxis: { ...bare, scaleanchor: 'x' }, annotations: names }),
  };
}
