import { faulty, quoted, type Reading, read } from './faults.ts'
import { isLoopback } from './network.ts'
import { readSetting, type Texts } from './settings.ts'

const REMEDY = 'Set PUBLIC_URL to the address that players and platforms use, like https://pay.example.com.'

/** Reads PUBLIC_URL as an origin: what stands in links, so nothing that could be read as a path or a secret. */
export function readPublicUrl(texts: Texts): Reading<string | null> {
  const reading = readSetting(texts, 'PUBLIC_URL')
  if (!reading.ok || reading.value === null) return reading
  const url = URL.parse(reading.value)
  const said = url === null ? 'is no full URL' : faultOf(url, reading.value)
  if (url !== null && said === null) return read(url.origin)
  // With a user or a password in it, it may not be shown.
  const shown = url === null || url.username !== '' || url.password !== '' ? 'its value' : quoted(reading.value)
  return faulty({ variable: 'PUBLIC_URL', fault: `${shown} ${said}`, remedy: REMEDY })
}

function faultOf(url: URL, text: string): string | null {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is neither https nor http'
  if (url.username !== '' || url.password !== '') return 'carries a user or password'
  if (/[?#]/.test(text)) return 'has a query or a fragment'
  if (url.pathname !== '/') return 'has a path'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol === 'http:' && !isLoopback(host)) return 'is not encrypted: http is for this machine only'
  return null
}
