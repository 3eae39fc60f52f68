import { execFile } from 'node:child_process';

/** What a run of the command line gave. */
export type CliResult = { code: number; stdout: string; stderr: string };

/** Runs `backstep ARGS` against a server; does not throw on a failing exit code. */
export function cli(server: { url: string; adminToken: string }, ...args: string[]): Promise<CliResult> {
  const binary = process.env.BACKSTEP_BIN;
  if (!binary) throw new Error('BACKSTEP_BIN is not set: run `cargo xtask test end2end`');
  const env = { ...process.env, BACKSTEP_URL: server.url, BACKSTEP_TOKEN: server.adminToken };
  return new Promise((resolve) => {
    execFile(binary, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs it with `--json`, demands success and reads the answer. */
export async function cliJson<T = any>(server: { url: string; adminToken: string }, ...args: string[]): Promise<T> {
  const result = await cli(server, ...args, '--json');
  if (result.code !== 0) throw new Error(`backstep ${args.join(' ')} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout);
}
