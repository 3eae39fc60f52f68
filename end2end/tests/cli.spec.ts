import { test } from '../support/acting-test';
import { dagFolder } from '../support/installation';
import { expect } from '../support/test';
import { OLD, twoDeploys } from '../support/two-deploys';

// No browser takes part; the tag makes them run once.
test.describe('the command line against a real server @script', () => {
  test('a deploy ends with 0, 1 or 3, as its rollout does', async ({ install }) => {
    const installation = await install();
    const { cli, program } = installation;
    const dags = await dagFolder(installation.folder, 'dags', OLD.dags);
    const done = await cli('deploy', '--image', OLD.image, '--airflow', '3.3.2', '--dags', dags, '-m', 'First');
    expect(done).toMatchObject({ code: 0, stdout: '' });
    expect(done.stderr).toContain('Uploaded 2 files');
    expect(done.stderr).toContain('Switch the DAG files: done');
    expect(done.stderr).toContain('#1 is live on analytics-prod.');

    await program.fail('switch_image', 'The registry says no.');
    const failed = await cli('deploy', '--image', OLD.image.replace(/.$/, '0'), '--airflow', '3.3.2', '-m', 'Second', '--json');
    expect(failed.code, failed.stderr).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ number: 2, status: 'FAILED' });
    expect(failed.stderr).toContain('The registry says no.');
    expect(failed.stderr).toContain('#2 failed; analytics-prod stays on what it ran before.');
    await program.mend('switch_image');

    expect((await cli('hold', 'set', '-m', 'The feed is broken')).code).toBe(0);
    const held = await cli('deploy', '--dags', await dagFolder(installation.folder, 'next', { 'a.py': '' }), '-m', 'Third');
    expect(held.code, held.stderr).toBe(3);
    expect(held.stderr).toContain('The feed is broken');
    const released = await cli('hold', 'release', '--to', 'newest');
    expect(released.code, released.stderr).toBe(0);
    expect(released.stderr).toContain('#3 is live on analytics-prod.');

    const wrong = await cli('deploy', '-m', 'Nothing to deploy');
    expect(wrong.code).toBe(2);
  });

  test('a rollback without a target goes to the last good deploy', async ({ install }) => {
    const installation = await install();
    const { cli, cliJson } = installation;
    const { old } = await twoDeploys(installation);
    const silent = await cli('rollback', '-m', 'Nobody confirmed it');
    expect(silent.code).toBe(2);
    expect(silent.stderr).toContain('--yes');
    const done = await cli('rollback', '--yes', '-m', 'Revenue is counted twice');
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('Roll back analytics-prod to #1 (the last good deploy)');
    expect(done.stderr).toContain('A hold is on');
    expect(await installation.runs()).toEqual(old);
    const [rollback] = (await cliJson('history', '--rollbacks')).deploys;
    expect(rollback).toMatchObject({ number: 3, rollbackOf: 2, rollbackTo: 1, scope: 'image_and_dags', shownStatus: 'Live' });

    const refused = await cli('rollback', '1', '--yes', '-m', 'Again');
    expect(refused.code, refused.stderr).toBe(4);
    expect(refused.stderr).toContain('already what runs');
  });
});
