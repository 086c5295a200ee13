import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { openMailbox } from '../../src/messaging/mailbox.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { codeCalls, MAIL } from '../support/login-codes.ts'
import { startApp } from '../support/test-app.ts'

onEveryEngine((on) => {
  test('two workers fill one mailbox, which keeps the last fifty messages, newest first', async () => {
    const lines: string[] = []
    const workers = [1, 2].map(() =>
      openMailbox({ kv: on.app.service.kv, clock: systemClock, show: (line) => lines.push(line) }),
    )
    const send = (n: number) =>
      workers[n % 2]?.messengerFor(n % 3 === 0 ? 'sms' : 'email').sendLoginCode({
        to: n % 3 === 0 ? `+861380000${String(n).padStart(4, '0')}` : `mailbox-${n}@example.com`,
        code: String(n).padStart(6, '0'),
        language: 'en',
        validMinutes: 5,
      })
    await Promise.all(Array.from({ length: 60 }, (_, n) => send(n)))
    await send(60)
    await send(61)
    const [first, second] = await Promise.all(workers.map((worker) => worker.read()))
    assert.deepEqual(first, second)
    assert.equal(first?.length, 50)
    assert.deepEqual(
      first?.slice(0, 2).map(({ code }) => code),
      ['000061', '000060'],
    )
    assert.equal(new Set(first?.map(({ code }) => code)).size, 50)
    assert.equal(lines.length, 62)
    assert.match(lines.at(-1) ?? '', /000061 .*m\*\*\*@example\.com/)
  })
})

test('in local the log shows the code at info, and not the whole address', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-log-'))
  const variables = { LOG_LEVEL: 'info', LOG_REQUESTS: '0', LOG_FILE: join(directory, 'log') }
  const app = await startApp({ variables })
  const { ask, codeFor } = codeCalls({ app })
  assertDone(await ask(await app.clientToken(), { loginType: MAIL, loginId: 'shown.player@example.com' }))
  const code = await codeFor('shown.player@example.com')
  await app.close()
  const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')))
  await rm(directory, { recursive: true })
  const line = files
    .join('')
    .split('\n')
    .find((text) => text.includes(code))
  assert.match(line ?? '', /"level":"info".*s\*\*\*@example\.com/)
  assert.ok(!files.join('').includes('shown.player'))
})
