// What a live page of Backstep loads: takes over the page that the server rendered. If any of this fails, the page stays as
// it is, and works with plain links and forms.
import init, { hydrate } from "./app.js";

await init({ module_or_path: new URL("./app.wasm", import.meta.url) });
hydrate();
// For tests, and for style that only makes sense with script.
document.documentElement.dataset.ready = "true";
