from django.urls import path

from chatsite.pages import views

urlpatterns = [
    path("chat/", views.ChatPageView.as_view(), name="chat-page"),
    path("chat/token", views.TokenView.as_view(), name="chat-token"),
    path("chat/sign-in/", views.SignInView.as_view(), name="chat-sign-in"),
    path("chat/sign-up/", views.SignUpView.as_view(), name="chat-sign-up"),
    path("chat/sign-out/", views.sign_out, name="chat-sign-out"),
    path("chat/demo/<str:username>/", views.sign_in_as_demo_person, name="chat-demo"),
]
