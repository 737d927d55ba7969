export default function NotFound() {
  return <h1>Not there</h1>
}
