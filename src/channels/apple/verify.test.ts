import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openVerifier } from './verify.ts'

const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

test('nobody can open a verifier of an environment that signs nothing', async () => {
  for (const environment of ['Xcode', 'LocalTesting', 'production', '']) {
    const settings = { bundleId: 'com.example.game', appAppleId: 1, rootCertificates: [], onlineChecks: false }
    const verifier = openVerifier({ ...settings, environments: [environment as never] })
    const unsigned = `${text({ alg: 'none' })}.${text({ environment, bundleId: 'com.example.game' })}.`
    await assert.rejects(verifier.transaction(unsigned), /no environment of Apple's/)
    await assert.rejects(verifier.notification(unsigned), /no environment of Apple's/)
  }
})
