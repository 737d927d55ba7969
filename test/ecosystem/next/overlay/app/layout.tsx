import type { ReactNode } from 'react'

export const metadata = { title: 'Shop' }

// With Cache Components: a page that reads the session is rendered as a whole.
export const instant = false

export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
