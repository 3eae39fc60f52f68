import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Airflow's own DAG files, in the forms that the tests deploy. */
export type AirflowTrees = {
  /** `airflow/example_dags` as it is. */
  examples: string;
  /** The same with changed files. */
  changed: string;
  /** The same with files missing. */
  shrunken: string;
  /** Every `.py` file of the whole `airflow/` package. */
  whole: string;
};

/** Downloads a wheel from PyPI, without its dependencies, and lays its DAG files out in `into`. */
export async function airflowTrees(project: string, version: string, into: string): Promise<AirflowTrees> {
  const work = await mkdtemp(join(tmpdir(), 'backstep-wheel-'));
  try {
    const python = process.env.BACKSTEP_PYTHON ?? 'python3';
    await run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', work, `${project}==${version}`]);
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error(`pip downloaded no wheel of ${project} ${version}`);
    await run(python, ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'unpacked')]);
    const airflow = join(work, 'unpacked', 'airflow');
    const trees = {
      examples: join(into, `${version}-examples`),
      changed: join(into, `${version}-changed`),
      shrunken: join(into, `${version}-shrunken`),
      whole: join(into, `${version}-whole`),
    };
    for (const form of ['examples', 'changed', 'shrunken'] as const) {
      await cp(join(airflow, 'example_dags'), trees[form], { recursive: true });
    }
    const names = (await readdir(trees.examples)).filter((name) => name.endsWith('.py')).sort();
    for (const name of names.slice(0, 10)) {
      const text = await readFile(join(trees.changed, name), 'utf8');
      await writeFile(join(trees.changed, name), `${text}\n# changed by the next deploy\n`);
    }
    await writeFile(join(trees.changed, 'added_by_the_next_deploy.py'), 'ADDED = True\n');
    for (const name of names.slice(10, 40)) await rm(join(trees.shrunken, name));
    await pythonOnly(airflow, trees.whole);
    return trees;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function pythonOnly(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await pythonOnly(source, target);
    else if (entry.name.endsWith('.py')) await cp(source, target);
  }
}
