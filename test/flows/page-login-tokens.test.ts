import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { startGraphServer } from '../support/graph-server.ts'
import { allThatIsKept, byNumber, byProvider, PAGES, pageCalls, trailOf } from '../support/login-page.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { APPLE, FACEBOOK, GOOGLE, platformLogins } from '../support/platform-logins.ts'
import { privacyOf } from '../support/privacy.ts'
import { refusedTokens } from '../support/refused-tokens.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const GAME = 'game.apps.googleusercontent.com'
const STORE = 'store.apps.googleusercontent.com'
const SERVICES_ID = 'com.example.store'
const facebook = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const google = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: STORE })
const apple = await startOidcIssuer({ clock, issuer: 'https://appleid.apple.com', audience: SERVICES_ID })
const graph = await startGraphServer(facebook)
after(() => Promise.all([google.stop(), apple.stop(), graph.stop()]))

const logins = {
  [APP_ID]: {
    // Every login of the game needs a nonce of ours; no page has one.
    google: {
      ...{ clientIds: [GAME], keysUrl: google.keysUrl, nonce: 'required' },
      pageClients: [{ clientId: STORE }, { clientId: 'second-store' }],
    },
    apple: { clientIds: ['com.example.game', SERVICES_ID], keysUrl: apple.keysUrl },
    facebook: { ...facebook, graphUrl: graph.url, keysUrl: google.keysUrl },
  },
  [OTHER_APP_ID]: { google: { clientIds: ['other-game'], keysUrl: google.keysUrl } },
}

onEveryEngine(
  (on) => {
    const { logIn, cameIn } = pageCalls(on)
    /** Players are made in the game alone: here one who has logged in there by Google, with a nonce. */
    const googlePlayer = async (sub: string, claims: object = {}): Promise<string> => {
      const token = await on.app.clientToken()
      const { nonce } = assertDone(await on.app.call('POST', '/api/v1/login/nonce', { token }))
      const credential = await google.token({ sub, aud: GAME, nonce, ...claims })
      const body = { loginType: GOOGLE, credential, nonce }
      return assertDone(await on.app.call('POST', '/api/v1/login', { token, body })).uid
    }
    const countPlayers = async (): Promise<number> => {
      const rows = await on.app.service.database.db.selectFrom('users').select('user_id').execute()
      return rows.length
    }

    test('a player of the game comes in on the page by Google, shown as they are, and without a nonce', async () => {
      const picture = 'https://pictures.example.com/anna'
      const uid = await googlePlayer('anna', { name: 'Anna', picture })
      for (const clientId of [STORE, null]) {
        const { player } = await logIn(byProvider('google', await google.token({ sub: 'anna' }), clientId))
        assert.deepEqual(player, { playerId: Number(uid), name: 'Anna', avatarUrl: picture })
      }
      const second = await google.token({ sub: 'anna', aud: 'second-store', nonce: 'of the page itself' })
      assert.equal(await cameIn(byProvider('google', second, 'second-store')), uid)
    })

    test('by Apple and by Facebook too, by whichever token of the two Facebook gives', async () => {
      const sub = '000123.abc'
      const ofApple = await apple.token({ sub, aud: 'com.example.game' })
      const { uid } = assertDone(await platformLogins(on, APPLE).logIn({ credential: ofApple }))
      // Without pageClients every client of the game is good for a page.
      for (const aud of [SERVICES_ID, 'com.example.game']) {
        assert.equal(await cameIn(byProvider('apple', await apple.token({ sub, aud }), aud)), uid)
      }
      graph.issue('EAAgame', { userId: '77' })
      graph.issue('EAApage', { userId: '77' })
      const inGame = assertDone(await platformLogins(on, FACEBOOK).logIn({ credential: 'EAAgame' }))
      for (const clientId of [facebook.appId, null]) {
        assert.equal(await cameIn(byProvider('facebook', 'EAApage', clientId)), inGame.uid)
      }
      const limited = { sub: '77', aud: facebook.appId, iss: 'https://www.facebook.com' }
      assert.equal(await cameIn(byProvider('facebook', await google.token(limited))), inGame.uid)
    })

    test('what was made for the page opens the game nowhere, and what was made for the game no page', async () => {
      await googlePlayer('apart')
      const forGame = await google.token({ sub: 'apart', aud: GAME })
      assert.equal(await cameIn(byProvider('google', forGame)), 'proof_wrong_audience')
      assert.equal(await cameIn(byProvider('google', forGame, GAME)), 'proof_wrong_audience')
      const token = await on.app.clientToken()
      const { nonce } = assertDone(await on.app.call('POST', '/api/v1/login/nonce', { token }))
      const body = { loginType: GOOGLE, credential: await google.token({ sub: 'apart', nonce }), nonce }
      assertRefused(await on.app.call('POST', '/api/v1/login', { token, body }), 401, 'proof_wrong_audience')
    })

    test('a token that is wrong in any way lets nobody in, each way by its own code', async () => {
      await googlePlayer('wrong')
      const refusals = await refusedTokens(google, { clientId: GAME })
      // What a client says beside its token no page says, and the nonce of a page is its own.
      const ofTokens = refusals.filter(({ body, code }) => body.nonce === undefined && code !== 'proof_wrong_nonce')
      assert.ok(ofTokens.length > 40)
      for (const { named, code, body } of ofTokens.filter(({ body: { loginId } }) => loginId === undefined)) {
        assert.equal(await cameIn(byProvider('google', body.credential)), code, named)
      }
      const good = await google.token({ sub: 'wrong' })
      for (const clientId of ['second-store', GAME, '', 'NA', `${STORE} `, facebook.appId]) {
        assert.equal(await cameIn(byProvider('google', good, clientId)), 'proof_wrong_audience', clientId)
      }
      const both = await google.token({ sub: 'wrong', aud: [STORE, 'second-store'] })
      assert.equal(await cameIn(byProvider('google', both, STORE)), 'proof_wrong_audience')
      for (const credential of ['', ' ', 'ya29.a0AfB_byC', '4/0AX4XfWh', 'x'.repeat(100_000), '中文']) {
        assert.equal(await cameIn(byProvider('google', credential)), 'proof_malformed', credential.slice(0, 20))
      }
      assert.equal(await cameIn(byProvider('apple', good)), 'proof_unknown_key')
    })

    test('an access token of Facebook that is not good, or not ours, lets nobody in', async () => {
      graph.issue('EAAmine', { userId: '88' })
      assertDone(await platformLogins(on, FACEBOOK).logIn({ credential: 'EAAmine' }))
      const nowSeconds = Math.floor(clock.nowMs() / 1000)
      const wrongs: [object, string][] = [
        [{ app_id: '999' }, 'proof_wrong_audience'],
        [{ is_valid: false }, 'invalid_proof'],
        [{ type: 'PAGE' }, 'invalid_proof'],
        [{ type: 'APP' }, 'invalid_proof'],
        [{ user_id: undefined }, 'invalid_proof'],
        [{ expires_at: nowSeconds - 61 }, 'proof_expired'],
        [{ expires_at: 'never' }, 'invalid_proof'],
        [{ app_id: undefined }, 'invalid_proof'],
      ]
      for (const [index, [data, code]] of wrongs.entries()) {
        graph.issue(`EAAwrong${index}`, { userId: '88', data })
        assert.equal(await cameIn(byProvider('facebook', `EAAwrong${index}`)), code, JSON.stringify(data))
      }
      graph.issue('EAAother', { userId: '88', me: { id: '89' } })
      assert.equal(await cameIn(byProvider('facebook', 'EAAother')), 'invalid_proof')
      assert.equal(await cameIn(byProvider('facebook', 'EAAunknown')), 'invalid_proof')
      assert.equal(await cameIn(byProvider('facebook', 'EAAmine', '999')), 'proof_wrong_audience')
      assert.equal(await cameIn(byProvider('facebook', 'EAA mine')), 'proof_malformed')
    })

    test('whoever is no player yet is told so, and becomes none', async () => {
      const before = await countPlayers()
      graph.issue('EAAnew', { userId: '99' })
      for (const proof of [
        byProvider('google', await google.token({ sub: 'never played' })),
        byProvider('apple', await apple.token({ sub: 'never played' })),
        byProvider('facebook', 'EAAnew'),
      ]) {
        assert.equal(await cameIn(proof), 'player_not_found')
      }
      assert.equal(await countPlayers(), before)
    })

    test('a player of another app, and one who was erased, are nobody on the page', async () => {
      const uid = await googlePlayer('erased later')
      const proof = byProvider('google', await google.token({ sub: 'erased later' }))
      assert.equal(await cameIn(proof), uid)
      assert.equal(await cameIn(proof, { instance: 'other-page' }), 'proof_wrong_audience')
      const there = byProvider('google', await google.token({ sub: 'erased later', aud: 'other-game' }))
      assert.equal(await cameIn(there, { instance: 'other-page' }), 'player_not_found')
      assert.equal(await cameIn(byNumber(uid)), uid)
      await privacyOf(on.app).erase(uid, APP_ID)
      assert.equal(await cameIn(proof), 'player_not_found')
      assert.equal(await cameIn(byNumber(uid)), 'player_not_found')
    })

    test('a platform that the app has not set up, or that is away, is told as that', async () => {
      const other = { instance: 'other-page' }
      assert.equal(await cameIn(byProvider('apple', await apple.token()), other), 'login_type_unavailable')
      assert.equal(await cameIn(byProvider('facebook', 'EAAmine'), other), 'login_type_unavailable')
      graph.answerWith('debug_token', { status: 500, body: '{}' })
      assert.equal(await cameIn(byProvider('facebook', 'EAAaway')), 'provider_unavailable')
      graph.answerWith('debug_token', null)
    })

    test('a number that is typed finds its player and shows nothing of theirs', async () => {
      const uid = await googlePlayer('numbered', { name: 'Anna', picture: 'https://pictures.example.com/anna' })
      const wide = uid.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
      for (const typed of [uid, ` ${uid}\t`, wide]) {
        const { player } = await logIn(byNumber(typed))
        assert.deepEqual(player, { playerId: Number(uid), name: `Player ${uid}`, avatarUrl: '' })
      }
      const wrongs = ['', '0', `0${uid}`, `-${uid}`, `${uid}.0`, `${uid}e0`, `+${uid}`, '999999999', `${uid} ${uid}`]
      for (const typed of [
        ...wrongs,
        '9'.repeat(16),
        '9'.repeat(5000),
        `${' '.repeat(64)}${uid}`,
        "1' OR '1'='1",
        'Anna',
      ]) {
        assert.equal(await cameIn(byNumber(typed)), 'player_not_found', typed.slice(0, 40))
      }
      assert.equal(await cameIn(byNumber(uid), { instance: 'other-page' }), 'player_not_found')
    })

    test('every outcome is in the trail with its page, and no proof is in the trail, the messages or the log', async () => {
      const uid = await googlePlayer('trail')
      const good = await google.token({ sub: 'trail', email: 'somebody@example.com' })
      const bad = await google.token({ sub: 'trail', exp: 1 })
      await logIn(byProvider('google', good), { requestId: 'page-1' })
      await logIn(byProvider('google', bad), { requestId: 'page-2', instance: 'second-page' })
      await logIn(byNumber(uid), { requestId: 'page-3' })
      await logIn(byNumber('999999999'), { requestId: 'page-4' })
      assert.deepEqual(await trailOf(on, 'page-1'), [`login google null ${uid} channel:page`])
      assert.deepEqual(await trailOf(on, 'page-2'), ['login_failed google proof_expired null channel:second-page'])
      assert.deepEqual(await trailOf(on, 'page-3'), [`login player_number null ${uid} channel:page`])
      assert.deepEqual(await trailOf(on, 'page-4'), ['login_failed player_number player_not_found null channel:page'])
      const kept = (await allThatIsKept(on)) + (await platformLogins(on, GOOGLE).logText())
      for (const secret of [good, bad, 'EAA', 'eyJ', 'somebody@example.com']) assert.ok(!kept.includes(secret), secret)
    })
  },
  { env: 'online', clock, logins, channels: PAGES, variables: { LOG_LEVEL: 'debug' } },
)
