// <backstep-panel deployment="..."></backstep-panel>: Deploy History and rollback of one Deployment, in any page.
// How to embed it: docs/embedding.md. This file is served at a stable address; what it loads has hashed names.

const ORIGIN = new URL(import.meta.url).origin;

/** Once a page and server: the WASM module and the style sheet, for however many panels. */
const loaded = new Map();

function load(server) {
  if (!loaded.has(server)) {
    const parts = fetchParts(server);
    // The next panel may try again.
    parts.catch(() => loaded.delete(server));
    loaded.set(server, parts);
  }
  return loaded.get(server);
}

async function fetchParts(server) {
  const manifest = await answered(`${server}/embed/manifest.json`, { cache: "no-cache" }).then((r) => r.json());
  // The server's own answer names paths; nothing is loaded from anywhere else.
  const at = (path) => `${server}${new URL(path, server).pathname}`;
  const [glue, css] = await Promise.all([
    import(at(manifest.js)),
    answered(at(manifest.css)).then((r) => r.text()),
  ]);
  await glue.default({ module_or_path: at(manifest.wasm) });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return { glue, sheet };
}

async function answered(url, options) {
  const response = await fetch(url, { credentials: "omit", ...options });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

class BackstepPanel extends HTMLElement {
  static observedAttributes = ["server", "deployment", "token"];

  // `getToken` may be set to an async function that answers a token: asked at the start and when the server wants another
  // one. It is no field here: that would undo what was set before this script came.
  #token;
  #handle;
  #place;
  #mounting = 0;
  #renewed = -Infinity;

  get server() {
    return new URL(this.getAttribute("server") || ORIGIN, document.baseURI).href.replace(/\/+$/, "");
  }

  get token() {
    return this.#token ?? this.getAttribute("token") ?? undefined;
  }

  set token(token) {
    this.#token = token ?? undefined;
    this.#renew(this.#token);
  }

  connectedCallback() {
    // Set before this script came: it would hide the accessor.
    if (Object.hasOwn(this, "token")) {
      const token = this.token;
      delete this.token;
      this.token = token;
    }
    if (!this.#handle && !this.#mounting) this.#mount();
  }

  disconnectedCallback() {
    // Moving an element takes it out and puts it in again: only what stays away is unmounted.
    queueMicrotask(() => this.isConnected || this.#unmount());
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    if (name === "token" && this.#handle && before) this.#renew(now);
    else if (this.#handle || this.#mounting) {
      this.#unmount();
      this.#mount();
    }
  }

  async #mount() {
    const turn = ++this.#mounting;
    const current = () => this.isConnected && this.#mounting === turn;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    try {
      const server = this.server;
      const [{ glue, sheet }, token] = await Promise.all([load(server), this.getToken?.() ?? this.token]);
      // Removed or changed meanwhile.
      if (!current()) return;
      root.adoptedStyleSheets = [sheet];
      this.#place = root.appendChild(document.createElement("div"));
      this.#place.className = "host";
      const tell = (name, detail) => this.#tell(name, detail);
      this.#handle = glue.mount(this.#place, server, this.getAttribute("deployment") ?? "", token ?? undefined, tell);
    } catch (error) {
      if (!current()) return;
      this.#mounting = 0;
      this.#sayBroken(root);
      this.#send("error", { message: String(error?.message ?? error) });
    }
  }

  #unmount() {
    this.#mounting = 0;
    this.#handle?.unmount();
    this.#handle?.free();
    this.#handle = undefined;
    this.#place?.remove();
    this.#place = undefined;
    this.shadowRoot?.replaceChildren();
  }

  #sayBroken(root) {
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.textContent = `Backstep cannot be reached at ${this.server}. Reload the page to try again.`;
    root.replaceChildren(note);
  }

  #renew(token) {
    if (token && this.#handle) this.#handle.renew_token(token);
  }

  async #tell(name, detail) {
    // Not while Rust is still running.
    await Promise.resolve();
    if (name === "rollback-started") this.#send(name, { number: detail });
    else if (name === "error") this.#send(name, { message: detail });
    else this.#send(name);
    if (name !== "auth-required" || !this.getToken || performance.now() - this.#renewed < 5000) return;
    this.#renewed = performance.now();
    try {
      this.#renew(await this.getToken());
    } catch (error) {
      this.#send("error", { message: String(error?.message ?? error) });
    }
  }

  #send(name, detail) {
    this.dispatchEvent(new CustomEvent(`backstep-${name}`, { bubbles: true, composed: true, detail }));
  }
}

if (!customElements.get("backstep-panel")) customElements.define("backstep-panel", BackstepPanel);
