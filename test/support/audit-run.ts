import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { runProgram } from './child-server.ts'

/** Audits a database with the program that an operator runs, in a process of its own. */
export async function assertAuditClean(t: TestContext, variables: Readonly<Record<string, string>>): Promise<void> {
  const { code, stdout, stderr } = await runProgram('src/cli/audit.ts', { variables })
  assert.equal(code, 0, `the audit is not clean:\n${stdout}\n${stderr}`)
  t.diagnostic(`audit: ${/^Players .*$/m.exec(stdout)?.[0] ?? 'clean'}`)
}
