import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { makeBackup, openMigrated, type ToldBackup, type Variables } from '../support/backups.ts'
import { type Cleanup, type FinishedProcess, runProgram, temporaryDirectory } from '../support/child-server.ts'
import type { Engine } from '../support/engines.ts'

/** A deployment that the doctor passes: the sample of `deploy/`, with a database, a store and a backup of its own. */
export interface Healthy {
  readonly variables: Variables
  /** Where the doctor runs: its `.env` and its logs would be there. */
  readonly cwd: string
  readonly backup: ToldBackup
  /** Nothing of these may ever be printed. */
  readonly secrets: readonly string[]
}

export const SAMPLE = join(import.meta.dirname, '../../deploy/online.env.example')

export async function makeHealthy(suite: Cleanup, engine: Engine): Promise<Healthy> {
  const { variables: stores } = await openMigrated(suite, engine)
  const backupDir = temporaryDirectory(suite)
  const backup = await makeBackup(stores, backupDir)
  const secret = (): string => randomBytes(32).toString('hex')
  const chosen = new Map([
    ...['jwt-secret', 'app-secret', 'channel-secret', 'metrics-token', 'facebook-app-secret'].map(
      (name) => [name, secret()] as const,
    ),
    ['database-url', stores['DATABASE_URL'] ?? ''] as const,
    ['redis-url', stores['REDIS_URL'] ?? ''] as const,
    ['backup-dir', backupDir] as const,
  ])
  const text = readFileSync(SAMPLE, 'utf8').replaceAll(/^(?!#).*$/gm, (line) =>
    line.replaceAll(/<([a-z-]+)>/g, (_, name: string) => {
      const value = chosen.get(name)
      assert.notEqual(value, undefined, `the sample asks for ${name}`)
      return value ?? ''
    }),
  )
  return {
    variables: {
      ...(parseEnv(text) as Record<string, string>),
      ...(engine.name === 'sqlite' ? { WORKERS: '1' } : {}),
      ...(stores['REDIS_PREFIX'] === undefined ? {} : { REDIS_PREFIX: stores['REDIS_PREFIX'] }),
    },
    cwd: temporaryDirectory(suite),
    backup,
    secrets: [...chosen].filter(([name]) => /secret|token/.test(name)).map(([, value]) => value),
  }
}

export const runDoctor = (
  { variables, cwd }: Pick<Healthy, 'variables' | 'cwd'>,
  ...args: string[]
): Promise<FinishedProcess> => runProgram('src/cli/doctor.ts', { args, variables, cwd })

/** The names of the checks that failed, each once. */
export async function failedChecks(patient: Healthy, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runDoctor(patient, '--json', ...args)
  assert.ok(code === 0 || code === 1, `code ${code}:\n${stderr}`)
  for (const secret of patient.secrets) assert.ok(!(stdout + stderr).includes(secret), 'a secret is never printed')
  const told = JSON.parse(stdout) as {
    failed: number
    rows: { check: string; passed: boolean; remedy: string | null }[]
  }
  const failed = told.rows.filter(({ passed }) => !passed)
  assert.equal(told.failed, failed.length)
  assert.equal(code, failed.length === 0 ? 0 : 1)
  for (const { remedy } of told.rows.filter((row) => row.passed)) assert.equal(remedy, null)
  for (const { remedy } of failed) assert.match(remedy ?? '', /\w+/)
  return [...new Set(failed.map(({ check }) => check))]
}
