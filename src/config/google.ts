import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { GoogleSettings } from './channel-settings/google.ts'
import type { GoogleChannelConfig } from './config.ts'
import { quoted } from './faults.ts'
import { isLoopback } from './network.ts'

const API_URL = 'https://androidpublisher.googleapis.com'
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const CERTS_URL = 'https://www.googleapis.com/oauth2/v3/certs'

type Account = GoogleChannelConfig['serviceAccount']

/** What the shape of a google channel's settings does not say, in words that quote no secret of them. */
export function googleFaults(settings: GoogleSettings): string[] {
  const account = accountOf(settings)
  const urls = { apiUrl: settings.apiUrl, tokenUrl: settings.tokenUrl, certsUrl: settings.certsUrl }
  const faults = Object.entries(urls).flatMap(([name, text]) => (text === undefined ? [] : urlFaults({ name, text })))
  return typeof account === 'string' ? [account, ...faults] : faults
}

/** The settings of a google channel with everything that was left out. They have no faults. */
export function googleConfig(settings: GoogleSettings): Omit<GoogleChannelConfig, 'instance' | 'appId'> | null {
  const account = accountOf(settings)
  if (typeof account === 'string') return null
  const { packageName, push, items = {}, acknowledgeOnly = [], priceRule = 'platform' } = settings
  return {
    ...{ type: 'google', packageName, serviceAccount: account, items, acknowledgeOnly, priceRule },
    push: push === undefined ? null : { ...push, subscription: push.subscription ?? null },
    apiUrl: (settings.apiUrl ?? API_URL).replace(/\/+$/, ''),
    tokenUrl: settings.tokenUrl ?? TOKEN_URL,
    certsUrl: settings.certsUrl ?? CERTS_URL,
  }
}

/** The service account, or what is wrong with it. */
function accountOf({ serviceAccount, serviceAccountFile }: GoogleSettings): Account | string {
  if ((serviceAccount === undefined) === (serviceAccountFile === undefined)) {
    return 'it takes either /serviceAccount or /serviceAccountFile'
  }
  const account = serviceAccountFile === undefined ? serviceAccount : fileAccount(serviceAccountFile)
  if (account === undefined || typeof account === 'string') return account ?? 'it has no service account'
  try {
    return createPrivateKey(account.privateKey).asymmetricKeyType === 'rsa'
      ? account
      : 'the private key of the service account is no RSA key'
  } catch {
    return 'the private key of the service account is no key in PEM'
  }
}

function fileAccount(path: string): Account | string {
  try {
    const { client_email: clientEmail, private_key: privateKey } = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof clientEmail === 'string' && typeof privateKey === 'string') return { clientEmail, privateKey }
    return `${quoted(path)} is no key file of a service account: it lacks client_email or private_key`
  } catch (error) {
    const isThere = (error as { code?: unknown }).code === undefined
    return isThere ? `${quoted(path)} is not JSON` : `${quoted(path)} cannot be read`
  }
}

function urlFaults({ name, text }: { name: string; text: string }): string[] {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return [`${quoted(text)} is no full URL`]
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return [`/${name} carries a user, a query or a fragment`]
  }
  // Tokens go there, and keys come from there.
  const isOpen = url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  return isOpen ? [`${quoted(text)} is not encrypted: http is for this machine only`] : []
}
