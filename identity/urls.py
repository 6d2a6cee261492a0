from django.urls import path

from identity import views

urlpatterns = [
    path("identities", views.IdentitiesView.as_view()),
    path("identities/<str:raw_id>", views.IdentityItemView.as_view()),
    path("identities/<str:raw_id>/:issueAccessToken", views.IssueAccessTokenView.as_view()),
    path("identities/<str:raw_id>/:revokeAccessTokens", views.RevokeAccessTokensView.as_view()),
    path("teamsUser/:exchangeAccessToken", views.ExchangeTeamsTokenView.as_view()),
]
