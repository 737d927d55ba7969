import { useServerFn } from '@tanstack/react-start'
import { type ReactNode, useState } from 'react'

interface FormProps {
  readonly action: ((options: { data: FormData }) => Promise<unknown>) & { readonly url: string }
  readonly children: ReactNode
}

/** A form that calls a server function. Without JavaScript the browser sends it to its URL. */
export function Form({ action, children }: FormProps) {
  const call = useServerFn(action)
  const [error, setError] = useState<unknown>()
  if (error !== undefined) throw error // shows the errorComponent of the route
  return (
    <form
      method="post"
      encType="multipart/form-data"
      action={action.url}
      onSubmit={(event) => {
        event.preventDefault()
        call({ data: new FormData(event.currentTarget) }).catch(setError)
      }}
    >
      {children}
    </form>
  )
}
