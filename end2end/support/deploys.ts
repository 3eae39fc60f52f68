import { createHash } from 'node:crypto';
import { expect } from '@playwright/test';
import { rest } from './rest';

/** An image of an invented registry, pinned as every image is. */
export function image(name: string, tag: string): string {
  return `registry.example/${name}:${tag}@sha256:${createHash('sha256').update(`${name}:${tag}`).digest('hex')}`;
}

/** What CI says of an image. */
export type ImageDeploy = {
  image: string;
  runtimeVersion?: string;
  airflowVersion?: string;
  schemaHeads?: Record<string, string>;
  mechanism?: string;
  description?: string;
};

/** Records a deploy of an image as CI does. It is not waited for. */
export async function recordImage(server: { url: string }, deployment: string, deploy: ImageDeploy): Promise<any> {
  return record(server, deployment, { type: 'IMAGE_ONLY', ...deploy });
}

/** Records any deploy that brings no files. It is not waited for. */
export async function record(server: { url: string }, deployment: string, deploy: unknown): Promise<any> {
  const base = `deployments/${deployment}/deploys`;
  const upload = await rest(server, 'POST', base, deploy);
  return rest(server, 'POST', `${base}/${upload.id}/finalize`, {});
}

/** Waits until a deploy is what the Deployment runs. */
export async function untilLive(server: { url: string }, deployment: string, number: number): Promise<void> {
  await expect
    .poll(async () => (await rest(server, 'GET', `deployments/${deployment}/deploys/${number}`)).shownStatus, {
      message: `#${number} becomes Live`,
      timeout: 15_000,
    })
    .toBe('Live');
}

/** The history as the API tells it: what must be the same after something was refused. */
export async function told(server: { url: string }, deployment: string): Promise<string> {
  const { deploys } = await rest(server, 'GET', `deployments/${deployment}/deploys?limit=100`);
  return JSON.stringify(deploys);
}
