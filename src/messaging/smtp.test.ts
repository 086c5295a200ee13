import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startMailServer } from '../../test/support/mail-server.ts'
import type { SmtpSettings } from './settings.ts'
import { openSmtpMessenger } from './smtp.ts'

const MESSAGE = { to: 'player@example.com', code: '012345', language: 'en', validMinutes: 5 } as const

async function sendTo(t: TestContext, settings: Partial<SmtpSettings> & { port: number }) {
  const messenger = await openSmtpMessenger({
    host: '127.0.0.1',
    tls: 'if_offered',
    verifyCertificate: false,
    auth: null,
    from: { name: '', address: 'login@example.com' },
    timeoutMs: 1000,
    ...settings,
  })
  t.after(() => messenger.close())
  return messenger.sendLoginCode(MESSAGE)
}

async function mailServer(t: TestContext, options: Parameters<typeof startMailServer>[0] = {}) {
  const server = await startMailServer(options)
  t.after(() => server.stop())
  return server
}

test('where TLS is demanded, a server without it gets no mail', async (t) => {
  const server = await mailServer(t, { starttls: false })
  const outcome = await sendTo(t, { port: server.port, tls: 'required' })
  assert.deepEqual([outcome.sent, server.mails.length], [false, 0])
  assert.deepEqual(await sendTo(t, { port: server.port }), { sent: true })
  assert.equal(server.mails[0]?.encrypted, false)
})

test('where a certificate is checked, one of nobody gets no mail', async (t) => {
  const server = await mailServer(t)
  const outcome = await sendTo(t, { port: server.port, tls: 'required', verifyCertificate: true })
  assert.deepEqual([outcome.sent, server.mails.length], [false, 0])
  assert.deepEqual(await sendTo(t, { port: server.port, tls: 'required' }), { sent: true })
  assert.equal(server.mails[0]?.encrypted, true)
})

test('a wrong password is told by its code, without the password', async (t) => {
  const server = await mailServer(t, { login: { user: 'me', password: 'right' } })
  const outcome = await sendTo(t, { port: server.port, auth: { user: 'me', password: 'hunter2-wrong' } })
  assert.ok(!outcome.sent)
  assert.match(outcome.reason, /^smtp EAUTH 535$/)
})

test('a refused recipient is told by its code, without the address', async (t) => {
  const server = await mailServer(t)
  server.behave('refuse')
  assert.deepEqual(await sendTo(t, { port: server.port }), { sent: false, reason: 'smtp EENVELOPE 550' })
})

test('a server that is not there, says nothing or hangs up costs no more than the time limit', async (t) => {
  const silent = createServer()
  const rude = createServer((socket) => socket.destroy())
  for (const server of [silent, rude]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  t.after(() => [silent, rude].forEach((server) => void server.close()))
  const portOf = (server: typeof silent): number => (server.address() as { port: number }).port
  for (const port of [portOf(silent), portOf(rude), 1]) {
    const outcome = await sendTo(t, { port, timeoutMs: 300 })
    assert.ok(!outcome.sent)
    assert.match(outcome.reason, /^smtp/)
  }
})
