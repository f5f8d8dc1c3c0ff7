// Fetches plotly from this host once, for whatever of this page draws first. What needs it follows in
// the same function.
const root = (window.gradio_config && window.gradio_config.root) || '';

function plotly() {
  window.labPlotly ||= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = root + '/lab-static/plotly.min.js';
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error('plotly.js could not be loaded'));
    document.head.append(script);
  });
  return window.labPlotly;
}

