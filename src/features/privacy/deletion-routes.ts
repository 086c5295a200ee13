import type { FastifyInstance } from 'fastify'
import type { Database } from '../../db/database.ts'
import { preferredLanguage } from '../../http/language.ts'
import { DELETION_PAGE_CSP, deletionPage } from './deletion-page.ts'
import { readDeletion } from './read-deletion.ts'

/** The page whose address a platform gives to whoever asked for their data to be deleted. */
export function mountDeletionPage(server: FastifyInstance, deps: { database: Database }): void {
  server.get<{ Params: { code: string } }>('/deletion/:code', { schema: { hide: true } }, async (request, reply) => {
    const { code } = request.params
    const language = preferredLanguage(request.headers['accept-language'])
    const state = await readDeletion(deps, code)
    reply.raw.setHeader('content-security-policy', DELETION_PAGE_CSP)
    return reply
      .code(state.kind === 'unknown' ? 404 : 200)
      .header('x-robots-tag', 'noindex, nofollow')
      .header('vary', 'accept-language')
      .type('text/html; charset=utf-8')
      .send(deletionPage(state, { code, language }))
  })
}
