import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertAuditClean } from '../support/audit-run.ts'
import { startChildServer } from '../support/child-server.ts'
import { type Answer, payment, startApp, type TestApp } from '../support/test-app.ts'

function assertAskedToRetry(answer: Answer): void {
  assert.equal(answer.status, 503, JSON.stringify(answer.body))
  assert.equal(answer.body.error, 'storage_unavailable')
  assert.equal(answer.body.action, 'retry_after')
  assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
}

test('a full database answers 503 with Retry-After, and heals without a restart', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { token, uid } = await app.logIn('patient')
  const pay = (orderId: string) =>
    app.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: orderId, uid }) })
  assert.equal((await pay('before')).status, 200)

  // One page is fewer than there are: nothing that needs a further page can be written.
  await limitPages(app, 1)
  const refused: string[] = []
  const granted: string[] = ['before']
  // A full file still takes what fits into its last pages.
  for (let index = 0; index < 200 && refused.length < 5; index++) {
    const orderId = `during-${index}`
    const answer = await pay(orderId)
    if (answer.status === 200) granted.push(orderId)
    else {
      assertAskedToRetry(answer)
      refused.push(orderId)
    }
  }
  assert.equal(refused.length, 5, 'the fault was felt')
  const together = await Promise.all(Array.from({ length: 8 }, (_, index) => pay(`together-${index}`)))
  for (const answer of together) if (answer.status !== 200) assertAskedToRetry(answer)
  assert.equal((await app.call('GET', '/health')).status, 200)
  const store = await app.call('GET', '/api/v1/store/items', { token })
  assert.equal(store.status, 200, 'what only reads goes on')

  await limitPages(app, 1_073_741_823)
  for (const orderId of refused) {
    const answer = await pay(orderId)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.equal(answer.body.replayed, false, `${orderId} was refused before, so it was not granted`)
  }
  for (const orderId of granted) assert.equal((await pay(orderId)).body.replayed, true, orderId)
  await assertAuditClean(t, app.variables)
})

/** A setting of the connection that writes: the file may not grow past this many pages. */
async function limitPages(app: TestApp, pages: number): Promise<void> {
  await app.service.database.inTransaction((tx) => sql.raw(`pragma max_page_count = ${pages}`).execute(tx))
}

const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
const requireAll = process.env['REQUIRE_ALL'] === '1'

// Nothing at all can be written, as on a file system that went read-only; or only what stood there before can change.
for (const bytesMax of ['0', '4096']) {
  test(`a disk that takes no byte past ${bytesMax} answers 503 with Retry-After, and heals without a restart`, async (t) => {
    if (!hasPrlimit) {
      assert.ok(!requireAll, 'REQUIRE_ALL=1 and there is no prlimit here')
      process.stderr.write('LEFT OUT: the disk that takes no more bytes, as there is no prlimit here\n')
      return
    }
    const server = await startChildServer(t)
    const { uid } = await server.logIn('patient')
    const token = await server.serverToken()
    const pay = (orderId: string) =>
      server.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: orderId, uid }) })
    assert.equal((await pay('before')).status, 200)

    limitFiles(server.pid, bytesMax)
    for (let index = 0; index < 5; index++) assertAskedToRetry(await pay(`during-${index}`))
    assert.equal((await server.call('GET', '/health')).status, 200)
    limitFiles(server.pid, 'unlimited')

    for (let index = 0; index < 5; index++) {
      const answer = await pay(`during-${index}`)
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      assert.equal(answer.body.replayed, false)
    }
    assert.equal((await pay('before')).body.replayed, true)
    await assertAuditClean(t, server.variables)
  })
}

/** No file of the process may grow past this many bytes: what a full disk is to a program, without filling one. */
function limitFiles(pid: number, bytes: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}
