import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countedAddress } from './client-address.ts'

const COUNTED: readonly (readonly [string | undefined, string])[] = [
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['fe80::2%eth1', 'fe80:0:0:0::/64'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::1]:4711', '2001:db8:0:0::/64'],
  ['[2001:db8::1]', '2001:db8:0:0::/64'],
  ['unknown', 'unknown'],
  ['', ''],
  [undefined, ''],
  ['x'.repeat(10_000), 'x'.repeat(64)],
]

for (const [ip, address] of COUNTED) {
  test(`calls from ${String(ip).slice(0, 40)} count for ${address.slice(0, 40) || 'nobody'}`, () => {
    assert.equal(countedAddress(ip), address)
  })
}
