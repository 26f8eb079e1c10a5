// One scenario: node e2e/run.mjs NAME WORLD, where WORLD is JSON with the console's origin, tokens by role and what else
// the scenario needs. A line on standard output that begins with "ask " is a question to whoever started this, which
// answers with a line of JSON.
import { createInterface } from 'node:readline';
import * as scenarios from './scenarios.mjs';

const [, , name, text] = process.argv;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (question) => {
  process.stdout.write(`ask ${JSON.stringify(question)}\n`);
  return JSON.parse((await answers.next()).value);
};

try {
  await scenarios[name]({ ...JSON.parse(text), ask });
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
