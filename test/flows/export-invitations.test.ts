import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportPlayer } from '../../src/features/privacy/index.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { INVITE_VARIABLES, invitations, type Joined } from '../support/invitations.ts'
import { privacyOf } from '../support/privacy.ts'

onEveryEngine(
  (on) => {
    const { join, pay, give } = invitations(on)
    const exported = async ({ uid }: Joined): Promise<string> => {
      let text = ''
      const write = async (more: string): Promise<void> => {
        text += more
      }
      const { deps } = privacyOf(on.app)
      assert.ok((await exportPlayer(deps, { playerId: Number(uid) as PlayerId, write, onProgress: () => {} })).ok)
      return text
    }

    test('an export says what an invitation brought, and nothing of what the other one bought', async () => {
      const anna = await join('exports-anna')
      const ben = await join('exports-ben', anna)
      assertDone(await pay(ben, 'order-of-ben'))
      await give()
      const [ofAnna, ofBen] = [await exported(anna), await exported(ben)]
      const [made] = JSON.parse(ofAnna).invitations
      assert.deepEqual([made.role, made.state, typeof made.message_id], ['inviter', 'given', 'string'])
      assert.doesNotMatch(ofAnna, new RegExp(`order-of-ben|invited_user|due_at|"${ben.uid}"`))
      const [received] = JSON.parse(ofBen).invitations
      assert.deepEqual([received.role, received.order_id], ['invited', 'order-of-ben'])
      assert.notEqual(received.message_id, made.message_id)
      assert.ok(!ofBen.includes(made.message_id))
    })
  },
  { variables: INVITE_VARIABLES },
)
