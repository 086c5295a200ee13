import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyValueFileBeside, readDatabase } from './database-url.ts'
import { localDefaults } from './local.ts'

const read = (url: string) => readDatabase({ ...localDefaults, DATABASE_URL: url })

function databaseOf(url: string) {
  const reading = read(url)
  assert.ok(reading.ok, JSON.stringify(reading))
  return reading.value
}

const SQLITE: readonly (readonly [string, string])[] = [
  ['sqlite:///./payment_api.db', './payment_api.db'],
  ['sqlite:///payment_api.db', 'payment_api.db'],
  ['sqlite:////var/lib/pay/my file.db', '/var/lib/pay/my file.db'],
  ['sqlite+aiosqlite:///./payment_api.db', './payment_api.db'],
  ['SQLITE:///x', 'x'],
]

for (const [url, file] of SQLITE) {
  test(`${url} is the SQLite file ${file}`, () => assert.deepEqual(databaseOf(url), { kind: 'sqlite', file }))
}

const plain = {
  kind: 'mysql',
  host: 'db',
  port: 3306,
  user: 'u',
  password: 'p',
  database: 'pay',
  tls: 'off',
  tlsCaFile: null,
} as const

const MYSQL: readonly (readonly [string, object])[] = [
  ['mysql://u:p@db/pay', plain],
  ['mysql+aiomysql://u:p@db:3307/pay', { ...plain, port: 3307 }],
  ['mariadb://u:p@db/pay', plain],
  ['mysql://u@db/pay', { ...plain, password: '' }],
  ['mysql://u:a%40b%2Fc%23%25@db/pay', { ...plain, password: 'a@b/c#%' }],
  ['mysql://u:a@b@db/pay', { ...plain, password: 'a@b' }],
  ['mysql://u:p@[::1]:3306/pay', { ...plain, host: '::1' }],
  ['mysql://u:p@db/pay?charset=utf8mb4', plain],
  ['mysql://u:p@db/pay?ssl=true', { ...plain, tls: 'verify' }],
  ['mysql://u:p@db/pay?ssl=false', plain],
  ['mysql://u:p@db/pay?tls=required', { ...plain, tls: 'required' }],
  ['mysql://u:p@db/pay?tls=verify&tls_ca=/etc/ca.pem', { ...plain, tls: 'verify', tlsCaFile: '/etc/ca.pem' }],
]

for (const [url, database] of MYSQL) {
  test(`${url} is read`, () => assert.deepEqual(databaseOf(url), database))
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['payment_api.db', /not a database URL/],
  ['postgresql://u:p@db/pay', /"postgresql"/],
  ['sqlite://x.db', /too few slashes/],
  ['sqlite:///', /names no file/],
  ['sqlite:///:memory:', /names no file/],
  ['sqlite:///x.db?mode=ro', /file name/],
  ['sqlite:///folder/', /file name/],
  ['mysql://u:p@db', /names no database/],
  ['mysql://u:p@db/a/b', /names no database/],
  ['mysql://db/pay', /names no user/],
  ['mysql://u:p@/pay', /valid URL|no host/],
  ['mysql://u:p@db:99999/pay', /valid URL/],
  ['mysql://u:p@db:0/pay', /port 0/],
  ['mysql://u:p#x@db/pay', /valid URL/],
  ['mysql://u:%zz@db/pay', /percent-encoding/],
  ['mysql://u:p@db/pay?tls=maybe', /unknown value of tls/],
  ['mysql://u:p@db/pay?tls=required&tls_ca=x', /does not verify/],
  ['mysql://u:p@db/pay?sync=0', /"sync"/],
]

for (const [url, fault] of REFUSED) {
  test(`${url} is refused with a remedy`, () => {
    const reading = read(url)
    assert.ok(!reading.ok)
    assert.match(reading.faults.map((each) => each.fault).join('; '), fault)
    for (const each of reading.faults) assert.match(each.remedy, /\w{3}/)
  })
}

test('the file that stands in for Redis lies beside the database', () => {
  assert.equal(keyValueFileBeside({ kind: 'sqlite', file: '/data/pay.db' }), '/data/pay.kv.db')
  assert.equal(keyValueFileBeside({ kind: 'sqlite', file: './a.db/pay' }), './a.db/pay.kv.db')
  assert.equal(keyValueFileBeside(plain), './payment_api.kv.db')
})
