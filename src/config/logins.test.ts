import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginSettings, loginUrlFaults } from './logins.ts'

const GOOGLE = { clientIds: ['123.apps.googleusercontent.com'] }
const FACEBOOK = { appId: '123', appSecret: 'secret' }

test('without addresses of their own the platforms are asked where they are, by https', () => {
  const { guest, facebook, google, apple } = loginSettings({ facebook: FACEBOOK, google: GOOGLE, apple: GOOGLE })
  assert.equal(guest, true)
  const urls = [facebook?.graphUrl, ...(facebook?.limited.keysUrls ?? [])]
  for (const url of [...urls, ...(google?.keysUrls ?? []), ...(apple?.keysUrls ?? [])])
    assert.match(url ?? '', /^https:/)
  assert.equal(urls.length, 3)
  for (const settings of [facebook?.limited, google, apple]) assert.equal(settings?.nonceRequired, false)
  assert.deepEqual(loginSettings(), { guest: true, facebook: null, google: null, apple: null })
})

test('online asks no platform unencrypted, but for one that is played on this machine', () => {
  const places = (url: string) => [
    { google: { ...GOOGLE, keysUrl: url } },
    { apple: { ...GOOGLE, keysUrl: url } },
    { facebook: { ...FACEBOOK, keysUrl: url } },
    { facebook: { ...FACEBOOK, graphUrl: url } },
  ]
  for (const logins of places('http://keys.example.com/certs')) {
    assert.match(loginUrlFaults(logins, 'online').join(), /not encrypted/)
    assert.deepEqual(loginUrlFaults(logins, 'local'), [])
  }
  for (const url of ['https://keys.example.com/certs', 'http://127.0.0.1:4000/certs', 'http://localhost/certs']) {
    for (const logins of places(url)) assert.deepEqual(loginUrlFaults(logins, 'online'), [])
  }
})

test('what is no address, or carries a secret or a query, is a fault everywhere, and quotes none of it', () => {
  for (const env of ['local', 'online'] as const) {
    for (const url of ['keys', 'ftp://keys.example.com/', 'file:///etc/passwd']) {
      assert.match(loginUrlFaults({ google: { ...GOOGLE, keysUrl: url } }, env).join(), /no full URL/)
    }
    for (const url of [
      'https://me:hidden@keys.example.com/',
      'https://keys.example.com/?k=hidden',
      'https://x.y/#hidden',
    ]) {
      const said = loginUrlFaults({ google: { ...GOOGLE, keysUrl: url } }, env).join()
      assert.match(said, /carries a user, a query or a fragment/)
      assert.doesNotMatch(said, /hidden/)
    }
  }
})
