import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type FinishedProcess, runCommand, runProgram, startChildServer } from '../support/child-server.ts'

interface Walkthrough {
  readonly name: string
  run(url: string): Promise<FinishedProcess>
}

const WALKTHROUGHS: readonly Walkthrough[] = [
  { name: 'the walkthrough', run: (url) => runProgram('scripts/walkthrough.ts', { args: [url] }) },
  { name: 'the curl walkthrough', run: (url) => runCommand('bash', { args: ['scripts/curl-walkthrough.sh', url] }) },
]

for (const { name, run } of WALKTHROUGHS) {
  test(`${name} passes on a new server, and again on the same one`, async (t) => {
    const server = await startChildServer(t)
    for (const round of ['first', 'second']) {
      const { code, stdout, stderr } = await run(server.url)
      assert.equal(code, 0, `${round} walk:\n${stdout}\n${stderr}`)
      assert.match(stdout, /^ok: all 29 steps answered as they should\.$/m)
      assert.equal(stderr, '')
      assert.ok(!stdout.includes('\u001b'), 'no colours where nobody looks')
    }
  })

  test(`${name} ends with 1 at a server that grants a retried payment twice`, async (t) => {
    const server = await startChildServer(t)
    const lying = await standBefore(t, {
      url: server.url,
      change: (path, body) =>
        path.endsWith('/payment/success') ? body.replace('"replayed":true', '"replayed":false') : body,
    })
    const { code, stderr } = await run(lying)
    assert.equal(code, 1)
    assert.match(stderr, /step 6\b.*replayed is '?false'? in place of '?true/s)
  })

  test(`${name} ends with 1 at something that is no payment server`, async (t) => {
    const other = createServer((_, response) => response.end('<h1>hello</h1>'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { code, stderr } = await run(addressOf(other))
    assert.equal(code, 1)
    assert.match(stderr, /step 1\b.*status is .* in place of '?"?healthy/s)
  })

  test(`${name} says how to start the server when none answers`, async (t) => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const url = addressOf(gone)
    gone.close()
    await once(gone, 'close')
    t.diagnostic(`asked ${url}`)
    const { code, stderr } = await run(url)
    assert.equal(code, 1)
    assert.match(stderr, /^No server answers at http:\/\/127\.0\.0\.1:\d+ \(.+\)\. Start one with: npm start\n$/)
  })

  test(`${name} says that it cannot log in by a bare id in online`, async (t) => {
    const server = await startChildServer(t, {
      variables: {
        ENV: 'online',
        HOST: '127.0.0.1',
        MIGRATE_AT_START: '1',
        LOG_FILE: 'off',
        JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0Gf7Qe',
        APPS: '[{"appId":"com.funtriolimited.slots.casino.free","appSecret":"u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa"}]',
      },
    })
    const { code, stderr } = await run(server.url)
    assert.equal(code, 1)
    assert.match(stderr, /runs in `online`, where nobody logs in by a bare id/)
  })
}

/** A server that passes everything on to the real one and changes what it answered. */
async function standBefore(
  t: TestContext,
  { url, change }: { url: string; change: (path: string, body: string) => string },
): Promise<string> {
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const path = request.url ?? '/'
      const method = request.method ?? 'GET'
      const headers: Record<string, string> = {}
      for (const name of ['authorization', 'content-type']) {
        const value = request.headers[name]
        if (typeof value === 'string') headers[name] = value
      }
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const init = { method, headers }
      const answer = await fetch(url + path, method === 'GET' ? init : { ...init, body: Buffer.concat(chunks) })
      const body = change(path, await answer.text())
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body)
    }
    pass().catch((error: unknown) => response.writeHead(502).end(String(error)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return addressOf(server)
}

function addressOf(server: ReturnType<typeof createServer>): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
