import type { ReactNode } from 'react'
import { isRouteErrorResponse, Outlet, Scripts } from 'react-router'
import { session } from 'sojourn/react-router'
import type { Route } from './+types/root'
import { sessions } from './sessions.server'

export const middleware: Route.MiddlewareFunction[] = [session(sessions)]

export function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <title>Shop</title>
      </head>
      <body>
        {children}
        <Scripts />
      </body>
    </html>
  )
}

export default function App() {
  return <Outlet />
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <h1>{isRouteErrorResponse(error) ? `${error.status} ${error.data}` : 'Something went wrong.'}</h1>
}
