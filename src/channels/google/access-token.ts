import type { JWT } from 'google-auth-library'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { unavailable } from './client.ts'

/** A service account of Google's cloud, as its key file has it. */
export interface ServiceAccount {
  readonly clientEmail: string
  /** In PEM. */
  readonly privateKey: string
}

/** The right to ask Play in the name of a service account. */
export interface AccessTokens {
  /** A token that is good for some minutes at least; `channel_unavailable` where Google gives none. */
  current(): Promise<Outcome<string>>
  /** The token was refused although its time is not over: the next one is a new one. */
  forget(): void
}

const SCOPE = 'https://www.googleapis.com/auth/androidpublisher'
const TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 64 * 1024

/**
 * Keeps a token of Google's own library, which signs for it and renews it before it ends. The library is loaded with the
 * first question: a server without this channel never pays for it.
 */
export function openAccessTokens({ account, tokenUrl }: { account: ServiceAccount; tokenUrl: string }): AccessTokens {
  let client: Promise<JWT> | null = null
  return {
    async current() {
      client ??= openClient({ account, tokenUrl })
      try {
        const { token } = await (await client).getAccessToken()
        return token ? accepted(token) : unavailable('Google gave no access token')
      } catch {
        // Its error may quote what was sent. A library that could not be loaded is tried again.
        client = null
        return unavailable('Google gave no access token for the service account')
      }
    },
    forget: () => {
      client = null
    },
  }
}

async function openClient({ account, tokenUrl }: { account: ServiceAccount; tokenUrl: string }): Promise<JWT> {
  const { JWT } = await import('google-auth-library')
  // The library knows one address only. What it sends is a signed wish for a token: it follows no redirect.
  const ask: typeof fetch = (_address, init) => fetch(tokenUrl, { ...init, redirect: 'error' })
  const client = new JWT({
    email: account.clientEmail,
    key: account.privateKey,
    scopes: [SCOPE],
    transporterOptions: { fetchImplementation: ask, timeout: TIMEOUT_MS, maxContentLength: ANSWER_BYTES_MAX },
  })
  // Whoever waits for us asks again, or a job does: several tries inside one of theirs only make it longer.
  client.transporter.interceptors.request.add({
    resolved: async ({ retryConfig: _, ...config }) => ({ ...config, retry: false }),
  })
  return client
}
