import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from './server';

/** Somebody else's web server: one page with what a test puts into it, under the policy that docs/embedding.md asks for. */
export type Portal = {
  /** `http://localhost:PORT`: another site than Backstep's `127.0.0.1`. */
  url: string;
  /** `http://127.0.0.1:PORT`: another origin, but one that cookies of Backstep would be sent from. */
  sameSiteUrl: string;
  /** What its page has inside `<main>`. */
  body: string;
  css: string;
  /** The tokens that `/token?panel=ID` answers, one after the other; the last one stays. */
  tokens: Map<string, string[]>;
  /** The server that the page may load from and talk to. */
  backstep: string;
  stop: () => Promise<void>;
};

/** Sets `getToken` of every panel that asks for it, and writes down what the panels tell. */
const SCRIPT = `
window.heard = [];
for (const name of ['ready', 'rollback-started', 'error', 'auth-required']) {
  document.addEventListener('backstep-' + name, (event) => window.heard.push([event.target.id, name, event.detail]));
}
for (const panel of document.querySelectorAll('[data-asks]')) {
  panel.getToken = async () => (await fetch('/token?panel=' + panel.id)).text();
}
`;

export async function startPortal(): Promise<Portal> {
  const portal = { body: '', css: '', tokens: new Map(), backstep: '' } as unknown as Portal;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://portal');
    if (pathname === '/token') {
      const left = portal.tokens.get(searchParams.get('panel') ?? '') ?? [''];
      return response.end(left.length > 1 ? left.shift() : left[0]);
    }
    if (pathname === '/portal.css') return response.writeHead(200, { 'content-type': 'text/css' }).end(portal.css);
    if (pathname === '/portal.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(SCRIPT);
    if (pathname !== '/') return response.writeHead(204).end();
    const { backstep, body } = portal;
    const policy = [
      "default-src 'none'",
      `script-src 'self' ${backstep} 'wasm-unsafe-eval'`,
      `connect-src 'self' ${backstep}`,
      "style-src 'self'",
    ];
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') });
    response.end(`<!doctype html>
<html lang="en"><head><title>Data portal</title><link rel="stylesheet" href="/portal.css">
<script type="module" src="/portal.js"></script>
<script type="module" src="${backstep}/embed/panel.js"></script></head>
<body><main><h1>Data portal</h1>${body}</main></body></html>`);
  });
  await listen(server);
  const { port } = server.address() as { port: number };
  portal.url = `http://localhost:${port}`;
  portal.sameSiteUrl = `http://127.0.0.1:${port}`;
  portal.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return portal;
}

const listen = (server: HttpServer) =>
  new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));

/** A portal, and a demo server that lets the portal's pages carry panels. */
export type Embedded = { portal: Portal; server: Server; ids: Record<string, string>; stop: () => Promise<void> };

export async function startEmbedded(): Promise<Embedded> {
  const portal = await startPortal();
  const folder = await mkdtemp(join(tmpdir(), 'backstep-embedded-'));
  const config = join(folder, 'backstep.toml');
  await writeFile(config, `[embed]\nallowed_origins = ["${portal.url}", "${portal.sameSiteUrl}"]\n`);
  const server = { ...(await startServer({ demo: true, args: ['--config', config] })), adminToken: 'demo-admin' };
  portal.backstep = server.url;
  const answer = await fetch(`${server.url}/api/v1/deployments`, { headers: { authorization: 'Bearer demo-admin' } });
  const { deployments } = (await answer.json()) as { deployments: { id: string; name: string }[] };
  const stop = async () => {
    await server.stop();
    await portal.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { portal, server, ids: Object.fromEntries(deployments.map(({ name, id }) => [name, id])), stop };
}
