import { rest } from './rest';

/** Where the pages of one Deployment are. */
export type Places = {
  id: string;
  home: string;
  history: string;
  settings: string;
  deploy: (number: number) => string;
  rollback: (to: number) => string;
  compare: (from: number, to: number) => string;
};

/** The pages of the Deployment with this name. */
export async function places(server: { url: string }, name: string, token?: string): Promise<Places> {
  const { deployments } = await rest(server, 'GET', 'deployments', undefined, token);
  const found = deployments.find((deployment: { name: string }) => deployment.name === name);
  if (!found) throw new Error(`the server has no Deployment ${name}`);
  const home = `/deployments/${found.id}`;
  return {
    id: found.id,
    home,
    history: `${home}/history`,
    settings: `${home}/settings`,
    deploy: (number) => `${home}/deploys/${number}`,
    rollback: (to) => `${home}/rollback?to=${to}`,
    compare: (from, to) => `${home}/compare?from=${from}&to=${to}`,
  };
}
