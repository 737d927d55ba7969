/** Only for these tests. */
export const SECRET = 'Jx0cN1s7wqVv2mPz8yTtKfLh4RbEaGdUo9iXyS3kQ5A='
export const OLDER_SECRET = 'b7Y2mKQxW4nV9sJ1uTzR0aPcGhLdEfSi6oXyC8tB3Mk='
