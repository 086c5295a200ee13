import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { documentedSchema } from './route-schema.ts'

const require = createRequire(import.meta.url)

// Both pages are served whole from here: no script, style, font or picture of another host.
const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self' blob:; child-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Gathers the OpenAPI document from the routes that are mounted after it. */
export async function gatherDocs(server: FastifyInstance, { version }: { version: string }): Promise<void> {
  await server.register(swagger, {
    transform: ({ schema, url, route }) => {
      const defined = route.config?.route
      return { url, schema: defined ? documentedSchema(defined) : schema }
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Payment API',
        version,
        description:
          'Log players in, show them a store, settle payments exactly once, hand out rewards. ' +
          'Get a token from `POST /api/v1/token`, then send it as `Authorization: Bearer <token>`. ' +
          'Every failure has a stable `error` code and an `action` that tells a program what to do next.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
      tags: [
        { name: 'Sessions', description: 'Tokens: start, renew, end' },
        { name: 'Account', description: 'Who the player is' },
        { name: 'Store', description: 'What the player may buy' },
        { name: 'Payments', description: 'What platforms and servers tell us' },
        { name: 'Orders', description: 'What was bought' },
        { name: 'Inbox', description: 'Rewards that wait to be claimed' },
        { name: 'Daily gift', description: 'The calendar of seven days, and the claim of today' },
        { name: 'Game server', description: "What a game's own server reads and moves" },
        { name: 'Test', description: 'The running server, tried by itself; in `local` only' },
        { name: 'Health', description: 'For operators' },
      ],
    },
  })
}

/** Serves `/openapi.json`, Swagger UI at `/docs` and ReDoc at `/redoc`. */
export async function mountDocs(server: FastifyInstance): Promise<void> {
  // Written once: three quarters of a megabyte, which anybody may ask for again and again, and which waits for slow readers.
  let written: Buffer | null = null
  server.get('/openapi.json', { schema: { hide: true } }, async (_, reply) => {
    written ??= Buffer.from(JSON.stringify(server.swagger()))
    return reply.type('application/json; charset=utf-8').send(written)
  })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: false,
    uiConfig: { persistAuthorization: true },
    theme: { title: 'Payment API', css: [{ filename: 'own.css', content: DOCS_CSS }] },
  })
  const redocScript = await readRedocScript()
  server.get('/redoc/redoc.js', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/javascript; charset=utf-8').send(redocScript),
  )
  server.get('/redoc', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/html; charset=utf-8').send(REDOC_PAGE),
  )
  server.addHook('onSend', async (request, reply) => {
    if (!/^\/(docs|redoc)(\/|$|\?)/.test(request.url)) return
    reply.raw.setHeader('content-security-policy', PAGE_CSP)
    reply.raw.setHeader('cache-control', 'no-cache')
  })
}

// The bar at the top carries another project's logo and a field that opens the documents of other servers.
const DOCS_CSS = '.swagger-ui .topbar { display: none }'

const REDOC_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Payment API</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 }</style>
</head>
<body>
<redoc spec-url="/openapi.json"></redoc>
<script src="/redoc/redoc.js"></script>
</body>
</html>
`

/** ReDoc's one file, with the logo that it would fetch from its maker's host taken out. */
async function readRedocScript(): Promise<string> {
  const script = await readFile(require.resolve('redoc/bundles/redoc.standalone.js'), 'utf8')
  return script.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,')
}
