import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rest } from './rest';

/** A Deployment of a test's own; its image is the line in a `.env` that `backstep compose-env` rewrites. */
export type OwnDeployment = { name: string; mechanism: string; description?: string; rollbackEnabled?: boolean };

/** The configuration of a target `own-image` for a Deployment that a test makes. `folder` gets its `.env`. */
export async function ownImageTarget(folder: string): Promise<string> {
  const env = join(folder, '.env');
  await writeFile(env, 'AIRFLOW_IMAGE_NAME=registry.example/before:1\nAIRFLOW__CORE__EXECUTOR=LocalExecutor\n');
  const program = [process.env.BACKSTEP_BIN, 'compose-env', '--file', env];
  return `[targets.own-image]\nkind = "command"\nprogram = ${JSON.stringify(program)}\n`;
}

/** Makes the Deployment on a demo server that was started with that target. Answers its id. */
export async function createDeployment(server: { url: string }, deployment: OwnDeployment): Promise<string> {
  const { workspaces } = await rest(server, 'GET', 'workspaces');
  const made = await rest(server, 'POST', 'deployments', {
    workspaceId: workspaces[0].id,
    imageTarget: 'own-image',
    rollbackEnabled: true,
    ...deployment,
  });
  return made.id;
}
