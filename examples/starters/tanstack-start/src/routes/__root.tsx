import { createRootRoute, HeadContent, Outlet, Scripts } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export const Route = createRootRoute({
  head: () => ({ meta: [{ charSet: 'utf-8' }, { title: 'Shop' }] }),
  shellComponent: Shell,
  component: Outlet,
  errorComponent: ({ error }) => <h1>{error instanceof Error ? error.message : 'Something went wrong.'}</h1>,
})

function Shell({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <HeadContent />
      </head>
      <body>
        {children}
        <Scripts />
      </body>
    </html>
  )
}
