import { isIP } from 'node:net'

// No address is longer; what a proxy passes on may be anything.
const TEXT_LENGTH_MAX = 64

/**
 * Whose calls are counted together: an IPv4 address, or the /64 of an IPv6 address, which is what one household or one
 * machine is given. An IPv4 address in IPv6 form is the same IPv4 address. A port beside the address, as some proxies
 * write it, tells nobody apart.
 */
export function countedAddress(ip: string | undefined): string {
  if (ip !== undefined && isIP(ip) === 4) return ip
  const text = withoutPort((ip ?? '').slice(0, TEXT_LENGTH_MAX))
  return isIP(text) === 6 ? countedIpv6(text) : text
}

function withoutPort(text: string): string {
  const [, inBrackets, ipv4] = /^(?:\[(.*)\](?::[0-9]+)?|([0-9.]+):[0-9]+)$/.exec(text) ?? []
  return inBrackets ?? ipv4 ?? text
}

function countedIpv6(text: string): string {
  // The zone names a cable of this machine, not a caller. A URL writes every address in its one shortest form.
  const [address = ''] = text.split('%', 1)
  const url = URL.parse(`http://[${address}]`)
  if (url === null) return address
  const groups = groupsOf(url.hostname.slice(1, -1))
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return ipv4Of(groups.slice(6))
  return `${groups.slice(0, 4).join(':')}::/64`
}

function groupsOf(shortest: string): string[] {
  const [before = '', after] = shortest.split('::')
  const left = before === '' ? [] : before.split(':')
  if (after === undefined) return left
  const right = after === '' ? [] : after.split(':')
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
}

function ipv4Of(groups: readonly string[]): string {
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join('.')
}
