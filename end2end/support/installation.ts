import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliJson, cli, type CliResult } from './cli';
import { startServer, type Server } from './server';
import { treeDigest } from './tree';

/** A `.env` as a person writes it: comments, quotes, secrets, odd blanks, Windows line ends, no final line break. */
const ENV_BEFORE = [
  '# Airflow of the analytics team, see https://wiki.acme.internal/airflow',
  'COMPOSE_PROJECT_NAME=analytics',
  '',
  '#AIRFLOW_IMAGE_NAME=registry.acme.internal/old@sha256:0000',
];
const ENV_AFTER = [
  "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN='postgresql+psycopg2://airflow:p#ss\"w0rd@db/airflow'",
  'AIRFLOW__CORE__FERNET_KEY="c2VjcmV0LWZlcm5ldC1rZXktb2YtdGhlLXRlc3Q="  # rotate in spring',
  'export AIRFLOW_UID=50000',
  '_PIP_ADDITIONAL_REQUIREMENTS=',
  'TRAILING=blanks stay   ',
  'WINDOWS=line ends too\r',
  '\t# Zürich, naïve, 日本: not only ASCII',
  'LAST=no line break behind it',
];
const IMAGE_LINE = /^AIRFLOW_IMAGE_NAME=(.*)$/m;

/** Where a test acts: a server without demo, one Deployment of two real targets, a folder for DAGs and a `.env`. */
export type Installation = {
  server: Server;
  /** A folder of the test's own; it is removed at the end. */
  folder: string;
  /** Name and id of the Deployment. */
  name: string;
  id: string;
  /** The directory target's root. */
  dags: string;
  /** The image target's `.env`. */
  env: string;
  /** The switches of the image target's program. */
  program: Program;
  /** Runs `backstep ARGS --deployment NAME`. */
  cli: (...args: string[]) => Promise<CliResult>;
  cliJson: <T = any>(...args: string[]) => Promise<T>;
  /** Deploys and follows the rollout; fails unless it succeeds. */
  deploy: (...args: string[]) => Promise<void>;
  /** What really runs now, read from the targets: the digest of the tree under `current` (empty: there is none yet), the
   * image in the `.env`, and every other byte of the `.env`. */
  runs: () => Promise<{ tree: string; image: string; others: string }>;
  stop: () => Promise<void>;
};

export type InstallationOptions = {
  airflow?: string;
  /** The image target says that it can change the metadata database. */
  database?: boolean;
  /** More of the configuration file. */
  config?: string;
};

/** Files that make the image target's program wait or fail, the way an operator's own program may. */
export class Program {
  constructor(private readonly folder: string) {}

  /** From now on, it waits before it switches the image, until `open`. */
  close = () => writeFile(join(this.folder, 'closed'), '');
  open = () => rm(join(this.folder, 'closed'), { force: true });
  /** From now on, it fails at a step, until `mend`. */
  fail = (step: 'switch_image' | 'verify', why: string) => writeFile(join(this.folder, `fail-${step}`), JSON.stringify({ failed: why }));
  mend = (step: 'switch_image' | 'verify') => rm(join(this.folder, `fail-${step}`), { force: true });
}

/** The operator's program: `backstep compose-env`, with the switches above before it. */
const programText = (folder: string, env: string, database: boolean) => `#!/bin/sh
request=$(cat)
case "$request" in
  *'"verb":"can"'*)
    echo '{"can": ["switch_image", "verify"], "database": ${database}, "mechanism": false}'
    exit;;
  *'"verb":"act","step":"switch_image"'*)
    if [ -e '${folder}/closed' ]; then echo '{"log": "Waiting for the maintenance window"}'; fi
    while [ -e '${folder}/closed' ]; do sleep 0.05; done
    if [ -e '${folder}/fail-switch_image' ]; then cat '${folder}/fail-switch_image'; exit; fi;;
  *'"verb":"observe","step":"verify"'*'"deploy":'*)
    if [ -e '${folder}/fail-verify' ]; then cat '${folder}/fail-verify'; exit; fi;;
esac
printf '%s' "$request" | '${process.env.BACKSTEP_BIN}' compose-env --file '${env}'
`;

/** An image as CI names it: `REPOSITORY@sha256:DIGEST`, the digest made from `name`. */
export function image(name: string): string {
  return `registry.acme.internal/analytics/airflow@sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'backstep-installation-'));
  const [dags, env, program] = [join(folder, 'dags'), join(folder, '.env'), join(folder, 'switch-image')];
  await mkdir(dags);
  await writeFile(env, [...ENV_BEFORE, `AIRFLOW_IMAGE_NAME=${image('before Backstep')}`, ...ENV_AFTER].join('\n'));
  await writeFile(program, programText(folder, env, options.database ?? false));
  await chmod(program, 0o755);
  const config = join(folder, 'backstep.toml');
  await writeFile(
    config,
    `${options.config ?? ''}
[targets.dags]
kind = "directory"
root = "${dags}"
[targets.image]
kind = "command"
program = ["${program}"]
`,
  );
  let server: Server;
  try {
    server = await startServer({ demo: false, args: ['--config', config] });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const name = 'analytics-prod';
  const about = ['--workspace', 'Data Platform', '--mechanism', 'dag_deploy', '--airflow', options.airflow ?? '3.3.2'];
  const created = await cliJson(server, 'create', name, ...about, '--dags-target', 'dags', '--image-target', 'image', '--rollback');
  const of = ['--deployment', name];
  const deploy = async (...args: string[]) => {
    const { code, stderr } = await cli(server, 'deploy', ...args, ...of);
    if (code !== 0) throw new Error(`the deploy ended with ${code}:\n${stderr}`);
  };
  const runs = async () => {
    const text = await readFile(env, 'latin1');
    const tree = existsSync(join(dags, 'current')) ? await treeDigest(join(dags, 'current')) : '';
    return { tree, image: IMAGE_LINE.exec(text)?.[1] ?? '', others: text.replace(IMAGE_LINE, '') };
  };
  const stop = async () => {
    await rm(join(folder, 'closed'), { force: true });
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    server, folder, name, id: created.id, dags, env, program: new Program(folder),
    cli: (...args) => cli(server, ...args, ...of),
    cliJson: (...args) => cliJson(server, ...args, ...of),
    deploy, runs, stop,
  };
}

/** A folder of DAG files, made from path and text. */
export async function dagFolder(parent: string, name: string, texts: Record<string, string>): Promise<string> {
  const root = join(parent, name);
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}
