import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import type { CallbackResult, PlatformQuestion, QuestionAnswer } from '../channel.ts'
import { answerOf } from './answers.ts'
import type { AppchargeInstance } from './instance.ts'
import { receiveAppcharge } from './receive.ts'
import { SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from './sign.ts'

const NOW_MS = 1_767_323_045_000
const INSTANCE: AppchargeInstance = {
  instance: 'store',
  appId: 'com.example.game' as AppId,
  mainKeys: ['a worthless key'],
  publisherToken: 'a-worthless-token',
  projectId: null,
  environment: 'live',
  authMethods: ['facebook', 'google', 'apple', 'userToken', 'userPassword', 'otp'],
  deepLink: 'mygame://store-login?token={token}&again={token}',
  checkout: null,
  priceRule: 'catalogue',
  items: {},
  products: { coins: 'coins', tokens: 'tokens' },
  freeOffers: [],
  acceptSeconds: false,
  apiUrl: 'https://api.example.com',
}
const PLAYER = { playerId: 10001 as PlayerId, name: 'Ana', avatarUrl: 'https://example.com/ana.png' }

function callOf(callback: string, fields: unknown) {
  const rawBody = Buffer.from(JSON.stringify(fields))
  const headers = {
    [SIGNATURE_HEADER]: signAppcharge('a worthless key', { body: rawBody, nowMs: NOW_MS }),
    [TOKEN_HEADER]: 'a-worthless-token',
  }
  return { callback, headers, rawBody, nowMs: NOW_MS, requestId: 'r' }
}

/** What is asked of us; the code of the refusal where nothing is. */
async function asked(callback: string, fields: unknown, of = INSTANCE): Promise<PlatformQuestion | string> {
  const received = await receiveAppcharge(of, callOf(callback, fields))
  if (!received.ok) return received.refusal.code
  assert.equal(received.value.kind, 'question')
  return received.value.kind === 'question' ? received.value.question : ''
}

function answered(callback: string, result: CallbackResult) {
  const { status, body } = answerOf(INSTANCE, result, { callback })
  return [status, body === null ? null : JSON.parse(body)]
}

const told = (answer: Partial<QuestionAnswer>): CallbackResult => ({
  kind: 'answered',
  answer: { player: null, items: [], ...answer },
})

const proofs = [
  [
    { authMethod: 'facebook', token: 'code-or-token', appId: '123' },
    { kind: 'provider', provider: 'facebook', credential: 'code-or-token', clientId: '123' },
  ],
  [
    { authMethod: 'google', token: 't', appId: 'NA' },
    { kind: 'provider', provider: 'google', credential: 't', clientId: null },
  ],
  [
    { authMethod: 'apple', token: 't', appId: '' },
    { kind: 'provider', provider: 'apple', credential: 't', clientId: null },
  ],
  [
    { authMethod: 'apple', token: 't' },
    { kind: 'provider', provider: 'apple', credential: 't', clientId: null },
  ],
  [
    { authMethod: 'userToken', token: '10001' },
    { kind: 'player_number', text: '10001' },
  ],
  [
    { authMethod: 'userPassword', userName: 'ana', password: 'secret', token: null },
    { kind: 'password', name: 'ana', password: 'secret' },
  ],
  [
    { authMethod: 'otp', otp: { playerCode: '4829', accessToken: 'lt', more: 1 } },
    { kind: 'store_code', code: '4829', loginToken: 'lt' },
  ],
] as const

test('a login asks who somebody is, by what its method shows of them', async () => {
  for (const [fields, proof] of proofs) {
    const question = { asks: 'log_in', appId: INSTANCE.appId, instance: 'store', proof, requestId: 'r' }
    assert.deepEqual(await asked('auth', fields), question, fields.authMethod)
  }
})

test('a method that is not switched on lets nobody in, and a proof that is none proves nothing', async () => {
  const few = { ...INSTANCE, authMethods: ['google'] as const }
  assert.equal(
    await asked('auth', { authMethod: 'otp', otp: { playerCode: '1', accessToken: '2' } }, few),
    'login_type_unavailable',
  )
  for (const authMethod of [undefined, null, 7, '', 'steam', 'constructor', ['google']]) {
    assert.equal(await asked('auth', { authMethod, token: 't' }), 'login_type_unavailable')
  }
  const malformed = [
    ...[{ authMethod: 'google' }, { authMethod: 'google', token: null }, { authMethod: 'google', token: '' }],
    ...[
      { authMethod: 'apple', token: 7 },
      { authMethod: 'facebook', token: { t: 1 } },
    ],
    { authMethod: 'google', token: 'x'.repeat(16_385) },
    ...[
      { authMethod: 'userToken', token: 10001 },
      { authMethod: 'userPassword', userName: 'ana', password: null },
    ],
    ...[
      { authMethod: 'userPassword', userName: ['ana'], password: 'p' },
      { authMethod: 'otp', otp: null },
    ],
    ...[{ authMethod: 'otp', otp: '4829' }, { authMethod: 'otp', otp: [] }, { authMethod: 'otp' }],
    { authMethod: 'otp', otp: { playerCode: 4829, accessToken: 'lt' } },
    { authMethod: 'otp', otp: { playerCode: '4829', accessToken: { toString: 'lt' } } },
  ]
  for (const fields of malformed) assert.equal(await asked('auth', fields), 'proof_malformed', JSON.stringify(fields))
  for (const fields of [null, 7, 'google', [], ['auth']]) assert.equal(await asked('auth', fields), 'malformed_json')
})

test('who is let in is told by number, name and picture', () => {
  const valid = { status: 'valid', publisherPlayerId: '10001', sessionMetadata: {} }
  const known = { ...valid, playerName: 'Ana', playerProfileImage: PLAYER.avatarUrl }
  const neutral = { ...valid, playerName: 'Player 10001', playerProfileImage: '' }
  assert.deepEqual(answered('auth', told({ player: PLAYER })), [200, known])
  assert.deepEqual(answered('auth', told({ player: { ...PLAYER, name: '', avatarUrl: '' } })), [200, neutral])
})

test('whoever is not let in is told so in words, also where the fault is ours', () => {
  const words = (publisherErrorMessage: string) => ({
    status: 'invalid',
    publisherErrorMessageType: 'plainText',
    publisherErrorMessageTitle: 'Login failed',
    publisherErrorMessage,
  })
  const results: readonly [CallbackResult, string][] = [
    [told({ refusal: 'invalid_code' }), 'The code is wrong or no longer valid.'],
    [told({ refusal: 'provider_unavailable' }), 'The login platform is out of reach; try again shortly.'],
    [told({}), 'No such player in this app.'],
    [{ kind: 'refused', code: 'login_type_unavailable' }, 'This way to log in is not offered here.'],
    [{ kind: 'retry_later' }, 'Something went wrong on our side; try again.'],
  ]
  for (const [result, said] of results) assert.deepEqual(answered('auth', result), [200, words(said)])
  const unread = answered('auth', { kind: 'refused', code: 'malformed_json' })
  assert.deepEqual(unread, [400, { error: 'The body is not valid JSON.' }])
})

test('a login in the game begins with a link into it, where there is one and its codes are switched on', async () => {
  const body = { device: 'DESKTOP' }
  assert.deepEqual(await asked('auth-initiate', body), {
    asks: 'begin_login',
    appId: INSTANCE.appId,
    instance: 'store',
  })
  for (const of of [
    { ...INSTANCE, deepLink: null },
    { ...INSTANCE, authMethods: ['google'] as const },
  ]) {
    assert.equal(await asked('auth-initiate', body, of), 'login_type_unavailable')
  }
  const begun = { loginToken: 'a b&$1', expiresInSeconds: 300 }
  assert.deepEqual(answered('auth-initiate', told({ begun })), [
    200,
    { deepLink: 'mygame://store-login?token=a%20b%26%241&again=a%20b%26%241', accessToken: 'a b&$1' },
  ])
  const refused = answered('auth-initiate', told({ refusal: 'too_many_requests' }))
  assert.deepEqual(refused, [403, { error: 'Too many requests; try again later.' }])
  const later = answered('auth-initiate', { kind: 'retry_later' })
  assert.deepEqual(later, [503, { error: 'Something went wrong on our side; try again.' }])
})
