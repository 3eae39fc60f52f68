import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_LIMIT = 30_000;
const STOP_LIMIT = 10_000;

/** How a test wants its server. */
export type ServerOptions = {
  /** `serve --demo`: sample data and the five demo people. Otherwise an empty server with an admin token. */
  demo: boolean;
  /** More arguments for `backstep serve`. */
  args?: string[];
  /** More environment. */
  env?: Record<string, string>;
  /** The configuration file's text, for a server that will be at this address. */
  config?: (url: string) => Promise<string>;
};

/** A Backstep server of a test's own. */
export type Server = {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** The data folder; it is removed at the end. */
  data: string;
  /** The admin's token; with `demo` nobody needs one. */
  adminToken: string;
  pid: number;
  /** What the server printed so far (at most the last 64 kB). */
  output: () => string;
  stop: () => Promise<void>;
};

let started = 0;

/** Starts `backstep serve` on a free port with a new data folder and waits until it is alive. */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let left = 2; ; left -= 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between looking for a free port and listening on it, somebody else's connection may have got it.
      if (left === 0 || !/address (already )?in use/i.test(String(error))) throw error;
    }
  }
}

async function startOnce(options: ServerOptions): Promise<Server> {
  const binary = process.env.BACKSTEP_BIN;
  if (!binary) throw new Error('BACKSTEP_BIN is not set: run `cargo xtask test end2end`');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const data = await mkdtemp(join(tmpdir(), 'backstep-end2end-'));
  const args = [...(options.args ?? [])];
  if (options.config) {
    const file = join(data, 'backstep.toml');
    await writeFile(file, await options.config(url));
    args.push('--config', file);
  }
  const adminToken = `end2end-admin-${process.pid}-${port}-0123456789abcdef`;
  const child = spawn(
    binary,
    ['serve', ...(options.demo ? ['--demo'] : []), '--data', data, '--listen', `127.0.0.1:${port}`, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(options.demo ? {} : { BACKSTEP_ADMIN_TOKEN: adminToken }), ...options.env },
    },
  );
  const output = await record(child);
  // Also when this worker ends without a chance to tidy up.
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    await end(child);
    process.removeListener('exit', killAtExit);
    await rm(data, { recursive: true, force: true });
  };
  try {
    await alive(url, child, output);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, data, adminToken, pid: child.pid!, output, stop };
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function record(child: ChildProcess): Promise<() => string> {
  const folder = join('test-results', 'servers');
  await mkdir(folder, { recursive: true });
  const log = createWriteStream(join(folder, `${process.pid}-${++started}.log`));
  let tail = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      log.write(chunk);
      tail = (tail + chunk.toString()).slice(-65_536);
    });
  }
  child.once('close', () => log.end());
  child.once('error', (error) => (tail += `${error}\n`));
  return () => tail;
}

async function alive(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const limit = Date.now() + START_LIMIT;
  while (Date.now() < limit) {
    if (ended(child)) throw new Error(`the server ended at its start (${child.exitCode ?? child.signalCode ?? 'not started'}):\n${output()}`);
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`the server did not answer GET /livez within ${START_LIMIT / 1000} s:\n${output()}`);
}

/** Ends exactly this child, by its process id. */
async function end(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([closed, sleep(STOP_LIMIT, undefined, { ref: false })]);
  if (!ended(child)) {
    child.kill('SIGKILL');
    await closed;
  }
}

function ended(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
