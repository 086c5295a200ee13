import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  backupEngines,
  makeBackup,
  openMigrated,
  openPlace,
  readDatabase,
  restore,
  type ToldBackup,
  type Variables,
} from '../support/backups.ts'
import { type ChildServer, startChildServer, temporaryDirectory } from '../support/child-server.ts'
import { payment } from '../support/test-app.ts'

for (const engine of backupEngines()) {
  describe(`player numbers after a restore on ${engine.name}`, () => {
    /** A server with anna of before the backup and bob of after it, who has paid; then it is restored and started. */
    async function restoredWithoutBob(t: TestContext) {
      const { variables } = await openMigrated(t, engine)
      const server = await startChildServer(t, { variables })
      const anna = await server.logIn('anna')
      const backup = await makeBackup(variables, temporaryDirectory(t))
      const bob = await server.logIn('bob')
      const paid = await pay(server, bob.uid)
      assert.deepEqual([paid.status, bob.uid], [200, '10002'])
      await server.kill('SIGTERM')
      await restoreAsItWas(variables, backup)
      await server.start()
      return { server, variables, backup, anna, bob }
    }

    test('a number that was lost is given to nobody, and its sessions and payments reach nobody', async (t) => {
      const { server, variables, anna, bob } = await restoredWithoutBob(t)
      const carol = await server.logIn('carol')
      assert.ok(Number(carol.uid) > Number(bob.uid) + 1_000_000, carol.uid)
      const refresh = (token: string) => server.call('POST', '/api/v1/refresh', { token, body: {} })
      assert.equal((await refresh(anna.token)).body.uid, anna.uid, 'who is in the backup stays logged in')
      const reached = await refresh(bob.token)
      assert.ok(reached.status === 401 || reached.body.error === 'player_not_found', JSON.stringify(reached.body))
      const again = await pay(server, bob.uid)
      assert.deepEqual([again.status, again.body.error], [404, 'player_not_found'])
      assert.equal((await refresh(carol.token)).body.coins, 0)
      assert.deepEqual(
        await readDatabase(variables, 'select user_id, reason, state from review_entries'),
        [{ user_id: Number(bob.uid), reason: 'player_not_found', state: 'open' }],
        'the money waits for a person',
      )
    })

    test('restored once more, the numbers given since the first restore are given to nobody either', async (t) => {
      const { server, variables, backup } = await restoredWithoutBob(t)
      const carol = await server.logIn('carol')
      await server.kill('SIGTERM')
      await restoreAsItWas(variables, backup)
      await server.start()
      assert.ok(Number((await server.logIn('dave')).uid) > Number(carol.uid) + 1_000_000)
    })

    test('in an empty place too the numbers go on far behind', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const backup = await makeBackup(variables, temporaryDirectory(t))
      const fresh = await openPlace(t, engine)
      await restoreAsItWas(fresh.variables, backup)
      const server = await startChildServer(t, { variables: fresh.variables })
      assert.ok(Number((await server.logIn('first')).uid) > 1_010_000, 'nobody had come before the backup')
    })
  })
}

async function restoreAsItWas(variables: Variables, { folder, manifest }: ToldBackup): Promise<void> {
  const { code, stdout, stderr } = await restore(variables, folder, '--replace', '--json')
  assert.equal(code, 0, stdout + stderr)
  const told = JSON.parse(stdout)
  assert.deepEqual([told.root, told.rows], [manifest.audit.root, manifest.rows])
}

async function pay(server: ChildServer, uid: string) {
  const token = await server.serverToken()
  return await server.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: 'bobs-order', uid }) })
}
