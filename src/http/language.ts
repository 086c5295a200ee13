import type { Language } from '../kernel/error-codes.ts'

/** The language that an `Accept-Language` header prefers among ours; English when it prefers neither. */
export function preferredLanguage(header: string | undefined): Language {
  if (header === undefined || header === '') return 'en'
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 }
  for (const part of header.slice(0, HEADER_LENGTH_MAX).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const language = tag.startsWith('zh') ? 'zh' : tag.startsWith('en') ? 'en' : null
    if (!language) continue
    const quality = parameters.map((text) => /^\s*q=([01](?:\.[0-9]{0,3})?)\s*$/.exec(text)?.[1]).find((q) => q)
    const weight = quality === undefined ? 1 : Number(quality)
    if (weight > best.weight) best = { language, weight }
  }
  return best.language
}

// Browsers send a few dozen bytes; a longer list is no preference.
const HEADER_LENGTH_MAX = 256
