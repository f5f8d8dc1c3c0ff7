// Fetches plotly from this host once, for whatever of this page draws first. What needs it follows in
// the same function. The page may lie under a path of its host: its base says which.
function plotly() {
  window.labPlotly ||= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = new URL('gradio_api/lab/plotly.min.js', document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error('plotly.js could not be loaded'));
    document.head.append(script);
  });
  return window.labPlotly;
}

