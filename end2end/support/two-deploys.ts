import { dagFolder, image, type Installation } from './installation';

/** What the Deployment runs in the tests of acting: #1 was fine, #2 is live and broke something. */
export const OLD = { image: image('one'), dags: { 'revenue.py': 'RATE = 1\n', 'common/rates.py': 'RATES = {}\n' } };
export const NEW = { image: image('two'), dags: { 'revenue.py': 'RATE = 2\n', 'stock.py': 'ALERTS = True\n' } };

/** Deploys #1 and #2, both with an image of one Airflow version and with DAGs. Answers what really ran after each. */
export async function twoDeploys(installation: Installation) {
  const { deploy, folder, runs } = installation;
  const before = [];
  for (const [name, { image: ref, dags }, text] of [['old', OLD, 'Revenue as it was'], ['new', NEW, 'Currency conversion']] as const) {
    const root = await dagFolder(folder, name, dags);
    await deploy('--image', ref, '--airflow', '3.3.2', '--dags', root, '-m', text);
    before.push(await runs());
  }
  return { old: before[0]!, now: before[1]! };
}
