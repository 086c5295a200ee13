import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { testMysqlUrl } from '../../../test/support/engines.ts'
import { mysqlSettingsOf } from '../../../test/support/open-store.ts'
import { StorageUnavailable } from '../errors.ts'
import { type MysqlSettings, openMysql } from './mysql.ts'
import { explainOpenError } from './mysql-open-error.ts'
import { readVersion } from './mysql-version.ts'

const SETTINGS: MysqlSettings = {
  ...{ host: '127.0.0.1', port: 3306, user: 'somebody', password: 'do-not-show-me', database: 'payments' },
  ...{ tls: 'off' as const, tlsCaFile: null },
}

describe('the version of the server', () => {
  const FIT = [
    ['8.0.17', 'mysql', 'utf8mb4_0900_bin'],
    ['8.0.16', 'mysql', 'utf8mb4_bin'],
    ['8.4.3-commercial', 'mysql', 'utf8mb4_0900_bin'],
    ['9.1.0', 'mysql', 'utf8mb4_0900_bin'],
    ['10.6.0-MariaDB', 'mariadb', 'utf8mb4_nopad_bin'],
    ['5.5.5-10.11.6-MariaDB-0+deb12u1', 'mariadb', 'utf8mb4_nopad_bin'],
    ['11.4.2-MariaDB-ubu2404', 'mariadb', 'utf8mb4_nopad_bin'],
  ] as const
  for (const [text, engine, collation] of FIT) {
    test(`${text} will do`, () => assert.deepEqual(readVersion(text), { engine, collation }))
  }

  const UNFIT = [
    ['5.7.44-log', /MySQL 5\.7\.44, which is too old/],
    ['8.0.15', /MySQL 8\.0\.15, which is too old/],
    ['10.5.23-MariaDB', /MariaDB 10\.5\.23, which is too old/],
    ['5.5.5-10.4.8-MariaDB', /MariaDB 10\.4\.8, which is too old/],
    ['8.0.11-TiDB-v7.5.0', /neither MySQL nor MariaDB/],
    ['8.0.30-Vitess', /neither MySQL nor MariaDB/],
    ['', /neither MySQL nor MariaDB/],
  ] as const
  for (const [text, said] of UNFIT) {
    test(`"${text}" is refused by name, with what to use instead`, () => {
      assert.throws(() => readVersion(text), said)
      assert.throws(() => readVersion(text), /MySQL 8\.0\.16 or newer, or MariaDB 10\.6 or newer/)
    })
  }

  test('MySQL 5.7 is refused at the door', async (t) => {
    const port = await startServerOfVersion(t, '5.7.44')
    await assert.rejects(openMysql({ ...SETTINGS, port }), /MySQL 5\.7\.44, which is too old/)
  })
})

describe('a database that cannot be opened is told in one line that names the setting', () => {
  test('nobody listens', async (t) => {
    const port = await freePort(t)
    await rejectsInOneLine(openMysql({ ...SETTINGS, port }), /nobody listens on port \d+: .*DATABASE_URL/)
  })

  test('somebody listens and never answers', async (t) => {
    const port = await startServer(t, () => undefined)
    const opening = openMysql({ ...SETTINGS, port }, { connectTimeoutMs: 200 })
    await rejectsInOneLine(opening, /no answer from 127\.0\.0\.1: .*DATABASE_URL/)
  })

  test('the authority to verify by cannot be read', async () => {
    const opening = openMysql({ ...SETTINGS, tls: 'verify', tlsCaFile: '/nowhere/ca.pem' })
    await rejectsInOneLine(opening, /cannot read \/nowhere\/ca\.pem: mend tls_ca/)
  })

  const REASONS = [
    [{ code: 'ENOTFOUND' }, /the name 127\.0\.0\.1 is unknown: mend the host/],
    [{ code: 'EAI_AGAIN' }, /is unknown: mend the host/],
    [{ code: 'EHOSTUNREACH' }, /no answer/],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, /certificate is not trusted/],
    [{ code: 'HANDSHAKE_NO_SSL_SUPPORT' }, /does not speak TLS/],
    [{ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' }, /refuses the user somebody with this password/],
    [{ errno: 1044, code: 'ER_DBACCESS_DENIED_ERROR' }, /may not use the database payments/],
    [{ errno: 1049, code: 'ER_BAD_DB_ERROR' }, /there is no database payments/],
    [{ errno: 1130, code: 'ER_HOST_NOT_PRIVILEGED' }, /no connection from this machine/],
    [{ errno: 3159, code: 'ER_SECURE_TRANSPORT_REQUIRED' }, /insists on TLS/],
    [{ errno: 1040, code: 'ER_CON_COUNT_ERROR' }, /too many connections/],
  ] as const
  for (const [properties, said] of REASONS) {
    test(`${properties.code}`, () => {
      const { message } = explainOpenError(Object.assign(new Error('x'), properties), SETTINGS)
      assert.match(message, said)
      assert.doesNotMatch(message, /do-not-show-me|\n/)
    })
  }

  if (testMysqlUrl !== null) {
    const real = mysqlSettingsOf(testMysqlUrl)
    test('a real server refuses the password, the schema and TLS', async () => {
      const stranger = { ...real, user: 'nobody_here', password: 'do-not-show-me' }
      await rejectsInOneLine(openMysql(stranger), /refuses the user nobody_here with this password/)
      await rejectsInOneLine(openMysql({ ...real, database: 'no_such_schema' }), /there is no database no_such_schema/)
      const overTls = openMysql({ ...real, tls: 'verify' })
      await rejectsInOneLine(overTls, /does not speak TLS with us|certificate is not trusted/)
    })
  }
})

async function rejectsInOneLine(opening: Promise<unknown>, said: RegExp): Promise<void> {
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof StorageUnavailable, String(error))
    assert.match(error.message, said)
    assert.doesNotMatch(error.message, /do-not-show-me|\n/)
    return true
  })
}

async function freePort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  t.diagnostic(`port ${port} is nobody's`)
  return port
}

/** Speaks just enough of the protocol to be asked its version: an old server that nobody can install any more. */
async function startServerOfVersion(t: TestContext, version: string): Promise<number> {
  const packet = (sequence: number, ...parts: (string | readonly number[])[]): Buffer => {
    const payload = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    return Buffer.concat([Buffer.from([payload.length, 0, 0, sequence]), payload])
  }
  const text = (value: string): (string | readonly number[])[] => [[value.length], value]
  // Protocol 10, the version, and what it can do: the 4.1 protocol with its way of proving a password.
  const capabilities = [0xff, 0xf7, 46, 2, 0, 0x08, 0, 21]
  const scramble = ['12345678', [0], capabilities, Array(10).fill(0), '123456789012', [0]]
  const greeting = packet(0, [10], version, [0, 1, 0, 0, 0], ...scramble, 'mysql_native_password', [0])
  const end = [0xfe, 0, 0, 2, 0]
  const column = [...text('def'), [0, 0, 0], ...text('version'), [0, 12, 46, 0, 64, 0, 0, 0, 253, 0, 0, 0, 0, 0]]
  const answer = [packet(1, [1]), packet(2, ...column), packet(3, end), packet(4, ...text(version)), packet(5, end)]
  return await startServer(t, (socket) => {
    socket.write(greeting)
    socket.on('data', (bytes: Buffer) => {
      const asksVersion = bytes.includes('select version()')
      socket.write(asksVersion ? Buffer.concat(answer) : packet((bytes[3] ?? 0) + 1, [0, 0, 0, 2, 0, 0, 0]))
    })
  })
}

async function startServer(t: TestContext, greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    greet(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}
