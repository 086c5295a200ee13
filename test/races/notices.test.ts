import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { privacyOf } from '../support/privacy.ts'

const [FACEBOOK, GOOGLE, APPLE] = [1, 2, 3] as const

onEveryEngine((on) => {
  const post = (path: string, token: string, body: object) =>
    on.app.call('POST', `/api/v1/account/${path}`, { token, body })
  const providersOf = async (uid: string): Promise<string[]> => {
    const { db } = on.app.service.database
    const rows = await db
      .selectFrom('identities')
      .select('provider')
      .where('user_id', '=', Number(uid) as PlayerId)
      .execute()
    return rows.map(({ provider }) => provider).toSorted()
  }

  test('a deletion at a platform while its player links and unlinks: a player lives on by a login, or is erased', async () => {
    for (let round = 0; round < 12; round++) {
      const subject = `notice-race-${round}`
      const { token, uid } = await on.app.logIn(subject)
      assertDone(await post('link', token, { loginType: GOOGLE, loginId: subject }))
      const { tell, act } = privacyOf(on.app)
      const notice = { key: subject, kind: 'forget', subject, named: 'data deletion' } as const
      const moves = [
        () => tell(notice),
        () => post('unlink', token, { loginType: GOOGLE, loginId: subject }),
        ...(round % 2 === 0 ? [() => post('link', token, { loginType: APPLE, loginId: subject })] : []),
        () => tell(notice),
        () => post('unlink', token, { loginType: FACEBOOK, loginId: subject }),
      ]
      // Each round another one goes first.
      const start = round % moves.length
      await Promise.all([...moves.slice(start), ...moves.slice(0, start)].map((move) => move()))
      await act()
      const [player, providers] = [await playerRow(on.app, uid), await providersOf(uid)]
      assert.ok(!providers.includes('facebook'), `round ${round}: ${providers}`)
      assert.equal(player.status, providers.length > 0 ? 'active' : 'erased', `round ${round}: ${providers}`)
    }
  })

  test('a login that its platform has just deleted is free: whoever links it then has it, and a repeat takes nothing', async () => {
    const gone = await on.app.logIn('notice-freed')
    const { tell, act } = privacyOf(on.app)
    const notice = { key: 'freed', kind: 'forget', subject: 'notice-freed', named: 'data deletion' } as const
    assert.ok((await tell(notice)).ok)
    const other = await on.app.logIn('notice-other')
    assertDone(await post('link', other.token, { loginType: FACEBOOK, loginId: 'notice-freed' }))
    assert.ok((await tell(notice)).ok)
    await act()
    assert.deepEqual(await providersOf(other.uid), ['facebook', 'facebook'])
    assert.equal((await on.app.logIn('notice-freed')).uid, other.uid)
    assert.equal((await playerRow(on.app, gone.uid)).status, 'erased')
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
