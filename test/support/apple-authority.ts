import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppleSigner } from '../../src/channels/apple/index.ts'

// What Apple marks the certificates with that sign for the App Store, and those above them.
const LEAF_MARK = '1.2.840.113635.100.6.11.1'
const INTERMEDIATE_MARK = '1.2.840.113635.100.6.2.1'

/** Who signs in Apple's place: an authority of the test's own, and those whom nobody should believe. Worthless keys. */
export interface AppleAuthority {
  /** DER in base64. */
  readonly root: string
  readonly signer: AppleSigner
  readonly forgers: {
    /** The whole chain of somebody else. */
    readonly stranger: AppleSigner
    /** Ours, but for a key that its leaf does not know. */
    readonly swappedKey: AppleSigner
    /** A leaf of somebody else under our intermediate and root. */
    readonly swappedLeaf: AppleSigner
    readonly unmarkedLeaf: AppleSigner
    readonly unmarkedIntermediate: AppleSigner
    /** Two certificates, without a root. */
    readonly shortChain: AppleSigner
    readonly noChain: AppleSigner
  }
}

let made: AppleAuthority | undefined

/** The authority of this process, made once: a few programs have to be run for it. */
export function appleAuthority(): AppleAuthority {
  made ??= makeAuthority()
  return made
}

interface Holder {
  readonly key: KeyObject
  readonly der: string
}

function makeAuthority(): AppleAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-apple-'))
  try {
    const [root, other] = [makeRoot(folder, 'root'), makeRoot(folder, 'other')]
    const intermediate = make(folder, 'intermediate', { by: 'root', ...AUTHORITY, mark: INTERMEDIATE_MARK })
    const unmarked = make(folder, 'unmarked', { by: 'root', ...AUTHORITY, mark: null })
    const otherIntermediate = make(folder, 'other-int', { by: 'other', ...AUTHORITY, mark: INTERMEDIATE_MARK })
    const leaf = make(folder, 'leaf', { by: 'intermediate', ...SIGNS, mark: LEAF_MARK })
    const plainLeaf = make(folder, 'plain', { by: 'intermediate', ...SIGNS, mark: null })
    const underUnmarked = make(folder, 'under', { by: 'unmarked', ...SIGNS, mark: LEAF_MARK })
    const otherLeaf = make(folder, 'other-leaf', { by: 'other-int', ...SIGNS, mark: LEAF_MARK })
    const signer = (own: Holder, ...above: Holder[]): AppleSigner => ({
      key: own.key,
      chain: [own, ...above].map(({ der }) => der),
    })
    const { privateKey: unknownKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return {
      root: root.der,
      signer: signer(leaf, intermediate, root),
      forgers: {
        stranger: signer(otherLeaf, otherIntermediate, other),
        swappedKey: { ...signer(leaf, intermediate, root), key: unknownKey },
        swappedLeaf: signer(otherLeaf, intermediate, root),
        unmarkedLeaf: signer(plainLeaf, intermediate, root),
        unmarkedIntermediate: signer(underUnmarked, unmarked, root),
        shortChain: signer(leaf, intermediate),
        noChain: { key: leaf.key, chain: [] },
      },
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const AUTHORITY = { extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'] } as const
const SIGNS = { extensions: ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'] } as const

function makeRoot(folder: string, name: string): Holder {
  newKey(folder, name)
  const of = (kind: string): string => join(folder, `${name}.${kind}`)
  const about = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '2']
  openssl('req', '-x509', '-new', '-key', of('key'), ...about, '-out', of('pem'))
  return holder(folder, name)
}

function make(
  folder: string,
  name: string,
  { by, extensions, mark }: { by: string; extensions: readonly string[]; mark: string | null },
): Holder {
  newKey(folder, name)
  const of = (kind: string, whose = name): string => join(folder, `${whose}.${kind}`)
  openssl('req', '-new', '-key', of('key'), '-subj', `/CN=${name}`, '-out', of('csr'))
  writeFileSync(of('ext'), [...extensions, ...(mark === null ? [] : [`${mark}=ASN1:NULL`])].join('\n'))
  const signedBy = ['-CA', of('pem', by), '-CAkey', of('key', by), '-CAcreateserial', '-days', '2']
  openssl('x509', '-req', '-in', of('csr'), ...signedBy, '-extfile', of('ext'), '-out', of('pem'))
  return holder(folder, name)
}

function newKey(folder: string, name: string): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', join(folder, `${name}.key`))
}

function holder(folder: string, name: string): Holder {
  const read = (kind: string): string => readFileSync(join(folder, `${name}.${kind}`), 'utf8')
  return { key: createPrivateKey(read('key')), der: new X509Certificate(read('pem')).raw.toString('base64') }
}

function openssl(...words: string[]): void {
  const { status, stderr, error } = spawnSync('openssl', words)
  assert.equal(status, 0, `openssl makes the certificates of these tests: ${error?.message ?? stderr}`)
}
