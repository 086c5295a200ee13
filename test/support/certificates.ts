import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export const opensslInstalled = spawnSync('openssl', ['version']).status === 0

/** An authority and a server's certificate for 127.0.0.1, good for a day and worth nothing. */
export function makeCertificates(t: TestContext): { ca: string; cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => {
    const { status, stderr } = spawnSync('openssl', words)
    assert.equal(status, 0, String(stderr))
  }
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  const authority = ['-subj', '/CN=test-authority', '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '1']
  openssl('req', '-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem'), ...authority)
  openssl('req', ...newKey, '-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=localhost')
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('names')]
  openssl('x509', '-req', '-in', file('server.csr'), ...signer, '-out', file('server.pem'), '-days', '1')
  // The server runs as a user of its own and must read them.
  chmodSync(folder, 0o755)
  for (const name of ['ca.pem', 'server.pem', 'server.key']) chmodSync(file(name), 0o644)
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') }
}
