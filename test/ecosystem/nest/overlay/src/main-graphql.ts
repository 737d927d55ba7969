// GraphQL on Apollo Server, as docs/frameworks/nest.md shows it.
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql'
import { RequireUser, Session, SessionModule } from 'sojourn/nest'
import { SqliteStore } from 'sojourn/stores/sqlite'

@Resolver()
class ShopResolver {
  @Query(() => [String])
  cart(@Session() session: Session): string[] {
    return session.get('cart', [])
  }

  @Mutation(() => [String])
  add(@Session() session: Session, @Args('sku') sku: string): string[] {
    session.push('cart', sku)
    return session.get('cart', [])
  }

  @Mutation(() => Boolean)
  logIn(@Session() session: Session, @Args('name') name: string): boolean {
    session.login(name)
    return true
  }

  @Query(() => String)
  @RequireUser({ redirectTo: '/login' })
  account(@Session() session: Session): string {
    return String(session.userId)
  }
}

@Module({
  imports: [
    SessionModule.forRoot({ store: new SqliteStore('sessions.db') }),
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
  ],
  providers: [ShopResolver],
})
class GraphqlModule {}

const app = await NestFactory.create(GraphqlModule)
await app.listen(process.env.PORT ?? 3000, 'localhost')
