// Draws props.value, a map of points as JSON text, and reports `pick` with a point's id and `lasso` with several.
// What value holds is told in ui/components.py; map_draw.js stands before this in the same function.
const plot = element.querySelector('.lab-map');
const me = Math.random().toString(36);
const MOVE_MS = 700;
const FRAME_MS = MOVE_MS / 15;
const MOST_MOVING = 8000;
const MOST_LASSOED = 5000;
const FLAT = [['pan2d', 'lasso2d'], ['zoomIn2d', 'zoomOut2d', 'resetScale2d']];
const DEEP = [['orbitRotation', 'resetCameraDefault3d']];

// `points` are those of the last value, `shown` those on screen; `kind` is null while none are.
const state = { value: null, points: null, chosen: null, drawn: 0 };
let shown = null;
let kind = null;
let view = null; // ranges in space, which plotly does not keep by itself
let told = 'null'; // the selection that the last value held
let focused;
let newest = 0;
let busy = 0;
let deaf = false; // to what plotly says of selections
let narrow = false;
let size = '';
let drawing = Promise.resolve();

function clear() {
  if (kind) window.Plotly.purge(plot);
  kind = shown = view = state.points = state.chosen = null;
  told = 'null';
  plot.classList.remove('filled');
  for (const name of ['ready', 'n', 'kind']) delete plot.dataset[name];
}

// Takes over what the value says, also from values that are overtaken before they are drawn.
function absorb(value) {
  state.value = value;
  const { points, rev } = value;
  if (points && !(state.points && state.points.rev === rev && state.points.n === points.n)) {
    if (!state.points || state.points.n !== points.n) state.chosen = null;
    state.points = {
      rev,
      n: points.n,
      x: unpack(points.x, Float32Array),
      y: unpack(points.y, Float32Array),
      z: points.z ? unpack(points.z, Float32Array) : null,
      texts: Array.from(points.text, (text) => wrapped(text)),
    };
  }
  // A lasso stays until the value's selection changes.
  const says = JSON.stringify(value.selected ?? null);
  if (says !== told) state.chosen = value.selected && value.selected.length ? new Set(value.selected) : null;
  told = says;
}

async function draw(value, mine) {
  if (!value || !(value.points || state.points)) return clear();
  absorb(value);
  plot.classList.add('filled');
  if (mine !== newest) return;
  const Plotly = await plotly();
  const { points } = state;
  const now = points.z ? '3d' : '2d';
  if (kind !== now) {
    if (kind) Plotly.purge(plot);
    else plot.textContent = '';
    shown = kind = view = null;
  }
  narrow = element.clientWidth < 600;
  const look = { ...palette(), narrow };
  const made = recipes(state, look);
  const config = {
    displaylogo: false, displayModeBar: true, scrollZoom: true, responsive: false,
    modeBarButtons: points.z ? DEEP : FLAT,
  };
  const show = (at, moving) => {
    state.drawn += 1;
    const wanted = layout(state, look, moving);
    if (shown && shown.rev === points.rev && !moving) keepView(wanted);
    return Plotly.react(plot, placed(made, at, moving), wanted, config);
  };
  if (movable(points)) await move(shown, points, mine, show);
  if (!shown || shown.rev !== points.rev) view = null;
  await show(points, false);
  shown = points;
  if (kind !== now) bind(now);
  if (value.focus_rev !== focused && value.focus) await focus(Plotly, value.focus, points);
  focused = value.focus_rev;
  if (!points.z) declutter(plot);
  Object.assign(plot.dataset, { n: points.n, kind, ready: state.drawn });
}

function movable(points) {
  return (
    shown && shown.rev !== points.rev && shown.n === points.n && !points.z && !shown.z &&
    points.n <= MOST_MOVING && !document.hidden && plot.offsetParent &&
    !matchMedia('(prefers-reduced-motion: reduce)').matches
  );
}

// The way there; ends early, and so jumps to the end, when a newer value waits.
async function move(from, to, mine, show) {
  const mix = (a, b, part) => a.map((value, i) => value + (b[i] - value) * part);
  const start = performance.now();
  let last = -Infinity;
  for (;;) {
    await new Promise((go) => {
      requestAnimationFrame(go);
      setTimeout(go, 200); // a hidden page has no frames
    });
    const time = performance.now();
    const part = (time - start) / MOVE_MS;
    if (part >= 1 || mine !== newest || document.hidden) return;
    if (time - last < FRAME_MS) continue;
    last = time;
    const eased = part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2;
    await show({ x: mix(from.x, to.x, eased), y: mix(from.y, to.y, eased) }, true);
  }
}

function keepView(wanted) {
  if (wanted.scene) {
    for (const axis of Object.keys(view || {})) wanted.scene[axis] = { ...wanted.scene[axis], ...view[axis] };
    return;
  }
  for (const axis of ['xaxis', 'yaxis']) {
    const { autorange, range } = plot.layout[axis] || {};
    if (!autorange && range) Object.assign(wanted[axis], { range: [...range], autorange: false });
  }
}

// Zooms so that the points with these ids fill the view, a few strays aside; none = the whole map.
function focus(Plotly, ids, points) {
  const change = {};
  view = null;
  for (const axis of points.z ? ['x', 'y', 'z'] : ['x', 'y']) {
    const name = (points.z ? 'scene.' : '') + axis + 'axis';
    const values = ids.map((id) => points[axis][id]).filter(Number.isFinite).sort((a, b) => a - b);
    if (!values.length) {
      change[name + '.autorange'] = true;
      continue;
    }
    const strays = Math.floor(values.length * 0.03);
    const [low, high] = [values[strays], values[values.length - 1 - strays]];
    // A single point, or several at one place, get a piece of the map around them.
    const all = points[axis].reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [low, high]);
    const room = Math.max((high - low) * 0.12, (all[1] - all[0]) * 0.03) || 1;
    change[name + '.range'] = [low - room, high + room];
    if (points.z) view = { ...view, [axis + 'axis']: { range: change[name + '.range'], autorange: false } };
  }
  if (state.value.group === 'map') plot.scrollIntoView({ block: 'nearest' }); // what zooms stands below
  return Plotly.relayout(plot, change);
}

function tell(name, detail) {
  const { group } = state.value;
  if (group) window.dispatchEvent(new CustomEvent(name, { detail: { ...detail, group, source: me } }));
}

// Other traces than the points have no ids.
const idOf = (point) => (Number.isInteger(point.customdata) ? point.customdata : null);

function lasso(rows) {
  rows = rows.slice(0, MOST_LASSOED);
  state.chosen = rows.length ? new Set(rows) : null;
  trigger('lasso', { rows });
  tell('lab-map-select', { rows });
}

function bind(now) {
  kind = now;
  plot.on('plotly_click', (event) => {
    const row = idOf(event.points[0]);
    if (row !== null) trigger('pick', { row });
  });
  plot.on('plotly_selected', (event) => {
    if (deaf || !event || !event.points) return;
    lasso(event.points.map(idOf).filter((row) => row !== null));
    // The outline goes at once: plotly would select by it again at every draw, and say so.
    deaf = true;
    enqueue(async () => kind && (await window.Plotly.relayout(plot, { selections: [] })));
    enqueue(() => (deaf = false));
    redraw();
  });
  for (const drawn of ['plotly_relayout', 'plotly_afterplot'])
    plot.on(drawn, () => kind === '2d' && declutter(plot));
  plot.on('plotly_deselect', () => deaf || lasso([]));
  plot.on('plotly_hover', (event) => tell('lab-map-hover', { id: idOf(event.points[0]) }));
  plot.on('plotly_unhover', () => tell('lab-map-hover', { id: null }));
}

// The ring around the point under the pointer in a linked map. In the plane it is an element of its
// own: plotly would draw every point again for it, at each move of the pointer.
const mark = document.createElement('i');
mark.className = 'lab-map-mark';
function ring(id) {
  if (!kind || busy) return;
  const on = id !== null && id < shown.n;
  if (kind === '3d') {
    const at = (values) => [[on ? values[id] : NaN]];
    const change = { x: at(shown.x), y: at(shown.y), z: at(shown.z) };
    window.Plotly.restyle(plot, change, [plot.data.length - 1]);
    return;
  }
  const { xaxis, yaxis } = plot._fullLayout;
  const [x, y] = on ? [xaxis.d2p(shown.x[id]), yaxis.d2p(shown.y[id])] : [-1, -1];
  mark.hidden = !(x >= 0 && y >= 0 && x <= xaxis._length && y <= yaxis._length);
  Object.assign(mark.style, { left: xaxis._offset + x + 'px', top: yaxis._offset + y + 'px' });
  plot.append(mark);
}

function enqueue(job) {
  busy += 1;
  drawing = drawing
    .then(job)
    .catch((error) => {
      if (window.Plotly) window.Plotly.purge(plot);
      kind = shown = null;
      plot.textContent = error.message;
    })
    .finally(() => (busy -= 1));
}

function redraw() {
  const mine = ++newest;
  const value = props.value ? JSON.parse(props.value) : null;
  mark.remove();
  enqueue(() => draw(value, mine));
}

// Window events reach this map as long as it is on the page.
function listen(name, handler) {
  const heard = ({ detail }) => {
    if (!element.isConnected) window.removeEventListener(name, heard);
    else handler(detail);
  };
  window.addEventListener(name, heard);
}

const linked = (detail) =>
  kind && detail.source !== me && state.value && state.value.group && detail.group === state.value.group;

listen('lab-map-hover', (detail) => linked(detail) && ring(detail.id));
listen('lab-map-select', (detail) => {
  if (!linked(detail)) return;
  state.chosen = detail.rows.length ? new Set(detail.rows) : null;
  redraw();
});
listen('lab-map-png', ({ id, facts }) => {
  const mine = document.getElementById(id);
  if (!kind || !mine || !(mine.contains(plot) || plot.contains(mine))) return;
  const left = kind === '2d' && declutter(plot);
  const named = left && plot.layout.annotations.filter((_, at) => left.has(at));
  const { picture, size } = asPicture(plot, named, facts, palette().paper);
  window.Plotly.downloadImage(picture, { format: 'png', scale: 2, ...size, filename: 'sentence-map' });
});

const STEPS = { ArrowLeft: ['xaxis', -1], ArrowRight: ['xaxis', 1], ArrowDown: ['yaxis', -1], ArrowUp: ['yaxis', 1] };
const ZOOMS = { '+': 0.8, '=': 0.8, '-': 1.25 };
plot.addEventListener('keydown', (event) => {
  if (event.target !== plot || kind !== '2d' || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const change = {};
  const span = (axis) => plot._fullLayout[axis].range;
  const middle = (axis) => (span(axis)[0] + span(axis)[1]) / 2;
  if (STEPS[event.key]) {
    const [axis, way] = STEPS[event.key];
    change[axis + '.range'] = span(axis).map((end, _, [low, high]) => end + (high - low) * 0.1 * way);
  } else if (ZOOMS[event.key]) {
    for (const axis of ['xaxis', 'yaxis'])
      change[axis + '.range'] = span(axis).map((end) => middle(axis) + (end - middle(axis)) * ZOOMS[event.key]);
  } else if (event.key === 'Enter') {
    const far = shown.x.map((x, id) => Math.hypot(x - middle('xaxis'), shown.y[id] - middle('yaxis')));
    trigger('pick', { row: far.indexOf(Math.min(...far)) });
  } else if (event.key === 'Escape' && state.chosen) {
    lasso([]);
    return redraw();
  } else return;
  event.preventDefault();
  window.Plotly.relayout(plot, change);
});

redraw();
watch('value', redraw);
let dark = document.body.classList.contains('dark');
new MutationObserver(() => {
  if (dark === document.body.classList.contains('dark')) return;
  dark = !dark;
  redraw();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
new ResizeObserver(() => {
  if (!kind || !plot.offsetParent) return;
  const measured = plot.offsetWidth + 'x' + plot.offsetHeight;
  if (measured === size) return;
  size = measured;
  if (narrow !== element.clientWidth < 600) redraw();
  else enqueue(() => kind && plot.offsetParent && window.Plotly.Plots.resize(plot));
}).observe(element);
