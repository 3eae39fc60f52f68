import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { cli } from '../support/cli';
import { image, record } from '../support/deploys';
import { ownImageTarget } from '../support/own_deployment';
import { rest } from '../support/rest';
import { expect, test } from '../support/visit';

/** Breaks out of text, attributes, titles and the scripts that carry a page's data; whatever gets through leaves a mark. */
const PAYLOAD = `</script></title><img data-xss src=x onerror="window.xss=1">"'><svg data-xss onload=window.xss=1>{{7*7}}`;
const ROLES = `roles:
  PAYLOAD_ROLE: { name: ${JSON.stringify(PAYLOAD)}, level: deployment, permissions: { deployment.deployRevisions.get: } }
`;

/** Nothing of a payload became an element, ran, or is a link that would run. */
async function expectInert(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: (window as any).xss,
    elements: document.querySelectorAll('[data-xss]').length,
    links: [...document.querySelectorAll('a, form, button')]
      .flatMap((e) => ['href', 'action', 'formaction'].map((name) => e.getAttribute(name) ?? ''))
      .filter((address) => /^\s*(javascript|data|vbscript):/i.test(address)),
  }));
  expect(found, where).toEqual({ ran: undefined, elements: 0, links: [] });
}

test('what deployers and administrators write runs in no page @script', async ({ page, visit, ownServer, folder, consoleGuard }) => {
  consoleGuard.allow(/the server responded with a status of 404/);
  test.setTimeout(180_000);
  const roles = join(folder, 'roles.yaml');
  await writeFile(roles, ROLES);
  const config = `[access]
roles = ${JSON.stringify(roles)}
[targets.own-dags]
kind = "directory"
root = ${JSON.stringify(join(folder, 'live'))}
`;
  await mkdir(join(folder, 'live'));
  const server = await ownServer({ config: (await ownImageTarget(folder)) + config });
  const violations: string[] = [];
  await page.exposeFunction('violated', (what: string) => violations.push(what));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) => (window as any).violated(`${event.violatedDirective} ${event.blockedURI}`)),
  );
  page.on('dialog', (dialog) => violations.push(`dialog: ${dialog.message()}`));

  // Each stored string that somebody outside can set.
  const workspace = await rest(server, 'POST', 'workspaces', { name: `W ${PAYLOAD}`.slice(0, 100) });
  const name = `D ${PAYLOAD}`.slice(0, 100);
  const made = await rest(server, 'POST', 'deployments', {
    workspaceId: workspace.id, name, description: PAYLOAD, mechanism: 'dag_deploy', dagsTarget: 'own-dags', imageTarget: 'own-image', rollbackEnabled: true,
  });
  const git = (sha: string) => ({
    commitSha: sha.repeat(40), branch: PAYLOAD, remoteUrl: 'javascript:window.xss=1', commitUrl: 'javascript:window.xss=1', authorName: PAYLOAD,
  });
  await record(server, made.id, { type: 'IMAGE_ONLY', image: image('analytics', 'xss-1'), description: PAYLOAD, git: git('a') });
  const dags = join(folder, 'dags');
  await mkdir(dags);
  for (const [file, text] of [['<img data-xss src=x onerror=window.xss=1>.py', PAYLOAD], ['plain.py', 'ONE = 1']]) await writeFile(join(dags, file!), text!);
  const deploy = (why: string) => cli({ url: server.url, adminToken: 'demo-admin' }, 'deploy', '-d', made.id, '--dags', dags, '-m', why);
  for (const n of [1, 2]) {
    await writeFile(join(dags, 'plain.py'), `${PAYLOAD}${n}\n`);
    const deployed = await deploy(`${PAYLOAD} ${n}`);
    expect(deployed.code, deployed.stderr).toBe(0);
  }
  await rest(server, 'POST', `deployments/${made.id}/hold`, { why: PAYLOAD });
  const team = await rest(server, 'POST', 'teams', { name: `T ${PAYLOAD}`.slice(0, 100) });
  const person = await rest(server, 'POST', 'people', { login: 'payload@example.com', name: `P ${PAYLOAD}`.slice(0, 100) });
  const service = await rest(server, 'POST', 'service-accounts', { name: `S ${PAYLOAD}`.slice(0, 100), deploymentId: made.id });
  await rest(server, 'POST', `accounts/${service.id}/tokens`, { name: PAYLOAD.slice(0, 100), days: 1 });
  await rest(server, 'POST', 'grants', { teamId: team.id, role: 'PAYLOAD_ROLE', deploymentId: made.id });
  await rest(server, 'POST', 'grants', { accountId: person.account.id, role: 'PAYLOAD_ROLE', deploymentId: made.id });
  const { deploys } = await rest(server, 'GET', `deployments/${made.id}/deploys?limit=100`);
  const newest: number = deploys[0].number;

  const home = `/deployments/${made.id}`;
  const paths = [
    '/', home, `${home}/history`, `${home}/history?text=${encodeURIComponent(PAYLOAD)}`,
    ...deploys.map((d: { number: number }) => `${home}/deploys/${d.number}`),
    `${home}/compare?from=${newest - 1}&to=${newest}`, `${home}/compare?from=${newest - 1}&to=${newest}&file=plain.py`,
    `${home}/rollback?to=${newest - 1}`, `${home}/settings`, `${home}/access`, `${home}/access?account=${person.account.id}`,
    `/workspaces/${workspace.id}/access`, '/access', '/access/teams', '/access/roles', '/access/service-accounts',
    `/accounts/${service.id}/tokens`, '/audit', `/audit?text=${encodeURIComponent(PAYLOAD)}`, `/nowhere/${encodeURIComponent(PAYLOAD)}`,
  ];
  let shown = 0;
  for (const path of paths) {
    // As the server wrote it, before any script.
    const html = await (await page.request.get(`${server.url}${path}`, { headers: { Accept: 'text/html' } })).text();
    expect(/<(img|svg)[^>]*data-xss.*/.exec(html)?.[0].slice(0, 80), path).toBeUndefined();
    await visit(`${server.url}${path}`);
    await expectInert(page, path);
    if ((await page.locator('body').innerText()).includes('onerror=')) shown += 1;
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
    await expectInert(page, `${path}, all opened`);
  }
  expect(shown, 'pages on which the payload is seen as text').toBeGreaterThan(10);

  // From page to page without a new document.
  await visit(`${server.url}/`);
  await page.evaluate(() => ((window as any).sameDocument = true));
  for (const path of [home, `${home}/history`, `${home}/deploys/${newest}`, `${home}/settings`, '/']) {
    await page.evaluate((to) => {
      const link = document.createElement('a');
      link.href = to;
      link.textContent = 'go';
      document.querySelector('main')!.append(link);
      link.click();
      link.remove();
    }, path);
    await expect(page).toHaveURL(`${server.url}${path}`);
    await expect(page.locator('main h1')).toBeVisible();
    await page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => undefined);
    await expectInert(page, `${path}, navigated to`);
  }
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
  await page.locator('main').getByRole('link', { name: 'All Deployments' }).or(page.locator('header a').first()).first().click();
  expect(violations).toEqual([]);
});
