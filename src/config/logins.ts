import type { Static } from 'typebox'
import type { FacebookSettings, LoginSettings, OidcSettings } from '../identity-providers/settings.ts'
import type { LOGINS_SCHEMA } from './app-schema.ts'
import type { Environment } from './config.ts'
import { quoted } from './faults.ts'
import { isLoopback } from './network.ts'
import { applePages, googlePages } from './page-clients.ts'

type LoginTexts = Static<typeof LOGINS_SCHEMA>

const GOOGLE = {
  issuers: ['https://accounts.google.com', 'accounts.google.com'],
  keysUrls: ['https://www.googleapis.com/oauth2/v3/certs'],
  tokenUrl: 'https://oauth2.googleapis.com/token',
}
const APPLE = {
  issuers: ['https://appleid.apple.com'],
  keysUrls: ['https://appleid.apple.com/auth/keys'],
  tokenUrl: 'https://appleid.apple.com/auth/token',
}
// Older documents name the second place; a key that the first does not know is looked for there.
const LIMITED = {
  issuers: ['https://www.facebook.com'],
  keysUrls: [
    'https://limited.facebook.com/.well-known/oauth/openid/jwks/',
    'https://www.facebook.com/.well-known/oauth/openid/jwks/',
  ],
}
const GRAPH = { url: 'https://graph.facebook.com', version: 'v23.0' }

/** The ways to log in of one app, with the platforms' own addresses where none are given. */
export function loginSettings(logins: LoginTexts = {}): LoginSettings {
  const { guest = true, facebook, google, apple } = logins
  return {
    guest,
    facebook: facebook === undefined ? null : facebookSettings(facebook),
    google:
      google === undefined ? null : { ...oidcSettings(google, GOOGLE), pages: googlePages(google, GOOGLE.tokenUrl) },
    apple: apple === undefined ? null : { ...oidcSettings(apple, APPLE), pages: applePages(apple, APPLE.tokenUrl) },
  }
}

function oidcSettings(
  given: NonNullable<LoginTexts['google'] | LoginTexts['apple']>,
  platform: { issuers: readonly string[]; keysUrls: readonly string[] },
): OidcSettings {
  return { clientIds: given.clientIds, ...checks(given, platform) }
}

function facebookSettings(given: NonNullable<LoginTexts['facebook']>): FacebookSettings {
  return {
    appId: given.appId,
    appSecret: given.appSecret,
    graphUrl: (given.graphUrl ?? GRAPH.url).replace(/\/+$/, ''),
    graphVersion: given.graphVersion ?? GRAPH.version,
    limited: checks(given, LIMITED),
    pageRedirectUri: given.pageRedirectUri ?? null,
  }
}

function checks(
  given: { issuers?: string[]; keysUrl?: string; nonce?: 'optional' | 'required' },
  platform: { issuers: readonly string[]; keysUrls: readonly string[] },
): Omit<OidcSettings, 'clientIds'> {
  return {
    issuers: given.issuers ?? platform.issuers,
    keysUrls: given.keysUrl === undefined ? platform.keysUrls : [given.keysUrl],
    nonceRequired: given.nonce === 'required',
  }
}

/** What is wrong with the addresses of an app's platforms. */
export function loginUrlFaults(logins: LoginTexts = {}, env: Environment): string[] {
  const { facebook, google, apple } = logins
  const urls = [facebook?.graphUrl, facebook?.keysUrl, google?.keysUrl, apple?.keysUrl]
  urls.push(google?.tokenUrl, apple?.tokenUrl)
  return urls.flatMap((text) => {
    if (text === undefined) return []
    const url = URL.parse(text)
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      return [`${quoted(text)} is no full URL`]
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      return ['an address of a login platform carries a user, a query or a fragment']
    }
    // Whoever stands between could put keys of their own in.
    const isOpen = url.protocol === 'http:' && env === 'online' && !isLoopback(url.hostname)
    return isOpen ? [`${quoted(text)} is not encrypted (http)`] : []
  })
}
