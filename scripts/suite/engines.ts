import { existsSync } from 'node:fs'

/** Something that a part of the suite needs and that a machine may lack. */
interface Need {
  readonly name: string
  readonly isHere: boolean
  readonly remedy: string
  /** True when this run must have it, and fails without. */
  readonly isRequired: boolean
}

const ENGINES_ALL = 'sqlite mysql redis'
const CHROMIUM_DEFAULT = '/usr/bin/chromium'

/**
 * What the suite can be run on here. SQLite needs nothing. With `REQUIRE_ALL=1` whatever is missing is a failure;
 * `TEST_ENGINES` (default: all) names the engines that a gate asks for, so that one can be brought in on its own.
 */
export function needsOf(env: NodeJS.ProcessEnv): Need[] {
  const { REQUIRE_ALL, TEST_ENGINES = ENGINES_ALL, TEST_DATABASE_URL, TEST_REDIS_URL } = env
  const { CHROMIUM_PATH: chromium = CHROMIUM_DEFAULT } = env
  const requireAll = REQUIRE_ALL === '1'
  const asked = TEST_ENGINES.split(/[\s,]+/)
  return [
    {
      name: 'MySQL/MariaDB',
      isHere: Boolean(TEST_DATABASE_URL),
      remedy: 'set TEST_DATABASE_URL=mysql://root@127.0.0.1:3306',
      isRequired: requireAll && asked.includes('mysql'),
    },
    {
      name: 'Redis',
      isHere: Boolean(TEST_REDIS_URL),
      remedy: 'set TEST_REDIS_URL=redis://127.0.0.1:6379/15',
      isRequired: requireAll && asked.includes('redis'),
    },
    {
      name: 'the browser',
      isHere: existsSync(chromium),
      remedy: `install Chromium, or set CHROMIUM_PATH (now ${chromium})`,
      isRequired: requireAll,
    },
  ]
}

/** One loud line for each thing that this run leaves untested. */
export function skippedLines(needs: readonly Need[]): string[] {
  return needs
    .filter(({ isHere }) => !isHere)
    .map(({ name, remedy, isRequired }) => `${isRequired ? 'MISSING' : 'SKIPPED'}: ${name} is not tested; ${remedy}`)
}

/** The first line of a run: what it will be run on. */
export function testedLine(needs: readonly Need[]): string {
  return `Testing on: ${['SQLite', ...needs.filter(({ isHere }) => isHere).map(({ name }) => name)].join(', ')}`
}
